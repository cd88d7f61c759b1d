"""Documents and their state.

`queued` → `extracting` → `embedding` → `ready`, or `failed` or `canceled` on the way. Every
visible change sets `updated_at`, which is how the server learns what to push. A deleted
document is invisible at once; its rows go when its points have left the index.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_, bindparam, func, insert, or_, select, update
from sqlalchemy.orm import Session

from backend.clock import utc_now
from backend.db.models import CollectionDocument, Document, table_of
from backend.db.repositories import document_embeddings, ingest_jobs
from backend.db.types import new_id
from backend.errors import NotFound

QUEUED = "queued"
EXTRACTING = "extracting"
EMBEDDING = "embedding"
READY = "ready"
FAILED = "failed"
CANCELED = "canceled"
ACTIVE = (QUEUED, EXTRACTING, EMBEDDING)
SETTLED = (READY, FAILED, CANCELED)


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """A document. `progress_*` count pages (of an archive, the files in it) while extracting
    and chunks while embedding.

    `stage_started_*` tell when work on the present stage began and what was done then.
    `queue_position` counts from 1 while the document waits to be read. `source_path` begins
    with the name of the watched folder that it comes from.
    """

    id: str
    user_id: str
    filename: str
    media_type: str
    size_bytes: int
    sha256: str
    status: str
    searchable: bool
    progress_done: int | None
    progress_total: int | None
    error_code: str | None
    error_message: str | None
    page_count: int | None
    chunk_count: int | None
    stage_started_at: datetime | None
    stage_started_done: int | None
    created_at: datetime
    updated_at: datetime
    ready_at: datetime | None
    deleted_at: datetime | None
    archive_id: str | None
    collection_ids: tuple[str, ...]
    source_path: str | None
    queue_position: int | None = None


_COLUMNS = [
    getattr(Document, name)
    for name in DocumentRecord.__dataclass_fields__
    if name != "queue_position"
]

# Every question runs these: put together once, on the table.
_ROW: Final = table_of(Document).c
_IS_LIVE: Final = and_(_ROW.user_id == bindparam("user_id"), _ROW.deleted_at.is_(None))
_ANY: Final = select(_ROW.id).where(_IS_LIVE).limit(1)
_PASSAGE_COUNTS: Final = (
    select(_ROW.status, func.sum(_ROW.chunk_count))
    .where(_IS_LIVE, or_(_ROW.status.in_([READY, *ACTIVE]), _ROW.searchable))
    .group_by(_ROW.status)
)


def create(
    session: Session,
    user_id: str,
    *,
    filename: str,
    media_type: str,
    size_bytes: int,
    sha256: str,
    archive_id: str | None = None,
    is_kept: bool = True,
) -> tuple[DocumentRecord, bool]:
    """Add a document and its ingest job; return it and True.

    When the user already has these bytes, return that document and False. With `is_kept` it
    stays when the watched files that have it go; if it came from an archive and is added by
    itself now (no `archive_id`), it stays when either goes. Hold `db.locks.lock_file(sha256)`
    so that two uploads at once cannot both add it.
    """
    existing = find_by_content(session, user_id, sha256)
    if existing:
        if archive_id is None and existing.archive_id is not None:
            leave_archive(session, existing.id)
        elif is_kept:
            session.execute(update(Document).where(Document.id == existing.id).values(is_kept=True))
        return _get(session, user_id, existing.id), False
    now = utc_now()
    document_id = new_id()
    session.execute(
        insert(Document).values(
            id=document_id,
            user_id=user_id,
            filename=filename,
            media_type=media_type,
            size_bytes=size_bytes,
            sha256=sha256,
            status=QUEUED,
            searchable=False,
            archive_id=archive_id,
            is_kept=is_kept,
            created_at=now,
            updated_at=now,
        )
    )
    ingest_jobs.enqueue(session, user_id, document_id, size_bytes, now)
    return _get(session, user_id, document_id), True


def leave_archive(session: Session, document_id: str) -> None:
    """Let a document that came from an archive stay when that one goes."""
    _update(session, document_id, archive_id=None, is_kept=True)


def find_by_content(session: Session, user_id: str, sha256: str) -> DocumentRecord | None:
    """Return the user's live document of these bytes."""
    row = session.execute(
        select(*_COLUMNS).where(
            Document.user_id == user_id,
            Document.sha256 == sha256,
            Document.deleted_at.is_(None),
        )
    ).first()
    return DocumentRecord(*row) if row else None


def get(session: Session, user_id: str, document_id: str) -> DocumentRecord:
    """Return a live document of this user.

    Raises:
        NotFound: there is none.
    """
    return with_queue_positions(session, [_get(session, user_id, document_id)])[0]


def list_page(
    session: Session,
    user_id: str,
    limit: int,
    cursor: str | None = None,
    collection_id: str | None = None,
) -> tuple[list[DocumentRecord], str | None]:
    """Return up to `limit` live documents, newest first, and the next cursor if there are more.

    `collection_id` narrows them to those in a collection. The cursor is the id of the last
    document returned: ids sort by creation time.
    """
    query = select(*_COLUMNS).where(Document.user_id == user_id, Document.deleted_at.is_(None))
    if cursor is not None:
        query = query.where(Document.id < cursor)
    if collection_id is not None:
        members = select(CollectionDocument.document_id).where(
            CollectionDocument.collection_id == collection_id
        )
        query = query.where(Document.id.in_(members))
    rows = session.execute(query.order_by(Document.id.desc()).limit(limit + 1)).all()
    records = with_queue_positions(session, [DocumentRecord(*row) for row in rows[:limit]])
    return records, records[-1].id if len(rows) > limit else None


def list_oldest_first(
    session: Session, user_id: str, limit: int, after_id: str = ""
) -> list[DocumentRecord]:
    """Return up to `limit` live documents that came after `after_id`."""
    query = select(*_COLUMNS).where(
        Document.user_id == user_id, Document.deleted_at.is_(None), Document.id > after_id
    )
    return [
        DocumentRecord(*row) for row in session.execute(query.order_by(Document.id).limit(limit))
    ]


def any_exists(session: Session, user_id: str) -> bool:
    """Return whether the user has a live document, in whatever state."""
    return session.scalar(_ANY, {"user_id": user_id}) is not None


def with_queue_positions(
    session: Session, records: Sequence[DocumentRecord]
) -> list[DocumentRecord]:
    """Return `records` with the places of those that wait; asks only if one does."""
    if not any(record.status == QUEUED for record in records):
        return list(records)
    places = ingest_jobs.queue_positions(session)
    return [replace(record, queue_position=places.get(record.id)) for record in records]


def existing_ids(session: Session, user_id: str, document_ids: Collection[str]) -> set[str]:
    """Return those of `document_ids` that are live documents of this user."""
    return set(
        session.execute(
            select(Document.id).where(
                Document.id.in_(document_ids),
                Document.user_id == user_id,
                Document.deleted_at.is_(None),
            )
        ).scalars()
    )


def passage_count(
    session: Session, user_id: str, document_ids: Collection[str] | None
) -> int | None:
    """Return how many passages these live documents have together; None: all of the user's.

    None if one is not or not wholly read, but may be found. What failed at once has none.
    """
    query = _PASSAGE_COUNTS
    if document_ids is not None:
        query = query.where(_ROW.id.in_(document_ids))
    total = 0
    for status, passages in session.execute(query, {"user_id": user_id}):
        if status != READY:
            return None
        total += passages or 0
    return total


def changed_since(session: Session, since: datetime, limit: int = 1000) -> list[DocumentRecord]:
    """Return everybody's documents with `updated_at` >= `since`, oldest change first.

    Deleted ones too, `deleted_at` set. A change becomes visible at its commit, a little
    after its `updated_at`: look back a few seconds and skip what was already seen.
    """
    rows = session.execute(
        select(*_COLUMNS)
        .where(Document.updated_at >= since)
        .order_by(Document.updated_at, Document.id)
        .limit(limit)
    )
    return [DocumentRecord(*row) for row in rows]


def load_many(session: Session, document_ids: Collection[str]) -> list[DocumentRecord]:
    """Return everybody's live documents among these."""
    if not document_ids:
        return []
    rows = session.execute(
        select(*_COLUMNS).where(Document.id.in_(document_ids), Document.deleted_at.is_(None))
    )
    return [DocumentRecord(*row) for row in rows]


def cancel(session: Session, user_id: str, document_id: str) -> DocumentRecord:
    """Stop taking the document in; nothing happens if that is already over.

    What is searchable stays so.

    Raises:
        NotFound: there is no such document.
    """
    if get(session, user_id, document_id).status in ACTIVE:
        ingest_jobs.end(session, document_id)  # waits for a worker that is about to commit
        session.execute(
            update(Document)
            .where(Document.id == document_id, Document.status.in_(ACTIVE))
            .values(status=CANCELED, progress_done=None, progress_total=None, updated_at=utc_now())
        )
    return get(session, user_id, document_id)


def retry(session: Session, user_id: str, document_id: str) -> DocumentRecord:
    """Queue a document again that failed, was canceled or is ready; else nothing happens.

    One that failed or was canceled goes on where it stopped; a ready one is read anew.

    Raises:
        NotFound: there is no such document.
    """
    document = get(session, user_id, document_id)
    if document.status not in ACTIVE:
        # A known chunk count means that the text was read to its end.
        is_read = document.chunk_count is not None and document.status != READY
        status = EMBEDDING if is_read else QUEUED
        ingest_jobs.enqueue(session, user_id, document_id, document.size_bytes, utc_now())
        session.flush()  # the job before the document, as everywhere: no deadlock
        document_embeddings.forget(session, document_id)
        _update(
            session,
            document_id,
            status=status,
            chunk_count=document.chunk_count if is_read else None,
            error_code=None,
            error_message=None,
        )
    return get(session, user_id, document_id)


def embed_again(session: Session, user_id: str, document_id: str) -> None:
    """Queue a ready document of which passages lack vectors.

    Raises:
        NotFound: there is no such document.
    """
    document = get(session, user_id, document_id)
    ingest_jobs.enqueue(session, user_id, document_id, document.size_bytes, utc_now())
    session.flush()
    document_embeddings.forget(session, document_id)
    _update(
        session,
        document_id,
        status=EMBEDDING,
        progress_done=0,
        progress_total=document.chunk_count,
    )


def touch(session: Session, *document_ids: str) -> None:
    """Let open pages hear of these documents anew."""
    session.execute(
        update(Document)
        .where(Document.id.in_(document_ids))
        .values(updated_at=utc_now())
        .execution_options(synchronize_session=False)
    )


def rename(session: Session, document_id: str, filename: str) -> None:
    """Show the document under another name."""
    _update(session, document_id, filename=filename)


def mark_searchable(session: Session, document_ids: Collection[str]) -> None:
    """Set `searchable` on the live documents among these that do not have it yet."""
    session.execute(
        update(Document)
        .where(
            Document.id.in_(document_ids),
            Document.searchable.is_(False),
            Document.deleted_at.is_(None),
        )
        .values(searchable=True, updated_at=utc_now())
    )


def _get(session: Session, user_id: str, document_id: str) -> DocumentRecord:
    row = session.execute(
        select(*_COLUMNS).where(
            Document.id == document_id,
            Document.user_id == user_id,
            Document.deleted_at.is_(None),
        )
    ).first()
    if row is None:
        raise NotFound("This document does not exist, or it is not yours.")
    return DocumentRecord(*row)


def load_for_ingest(session: Session, document_id: str) -> DocumentRecord | None:
    """Return a live document by its id alone: for the worker that holds its job's lease."""
    row = session.execute(
        select(*_COLUMNS).where(Document.id == document_id, Document.deleted_at.is_(None))
    ).first()
    return DocumentRecord(*row) if row else None


def start_extracting(session: Session, document_id: str, page_count: int) -> None:
    """Enter the stage `extracting`."""
    _update(
        session,
        document_id,
        status=EXTRACTING,
        searchable=False,
        page_count=page_count,
        chunk_count=None,
        progress_done=0,
        progress_total=page_count,
        stage_started_at=utc_now(),
        stage_started_done=0,
    )


def start_unpacking(session: Session, document_id: str, done: int, total: int) -> None:
    """Enter the stage `extracting` of an archive of which `done` files are taken in."""
    _update(
        session,
        document_id,
        status=EXTRACTING,
        page_count=None,
        chunk_count=None,
        progress_done=done,
        progress_total=total,
        stage_started_at=utc_now(),
        stage_started_done=done,
    )


def set_progress(session: Session, document_id: str, done: int) -> None:
    """Note how many pages, files or chunks of the present stage are done."""
    _update(session, document_id, progress_done=done)


def start_embedding(session: Session, document_id: str, page_count: int, chunk_count: int) -> None:
    """Enter the stage `embedding`: all text is committed."""
    _update(
        session,
        document_id,
        status=EMBEDDING,
        page_count=page_count,
        chunk_count=chunk_count,
        progress_done=0,
        progress_total=chunk_count,
        stage_started_at=None,
        stage_started_done=None,
    )


def resume_stage(session: Session, document_id: str, done: int, total: int) -> None:
    """Note that work on the present stage goes on when `done` pages or chunks are done."""
    _update(
        session,
        document_id,
        progress_done=done,
        progress_total=total,
        stage_started_at=utc_now(),
        stage_started_done=done,
    )


def finish(session: Session, document_id: str, embedding_model: str) -> None:
    """Enter the final state `ready`: all passages have vectors of this model."""
    document_embeddings.complete(session, document_id, embedding_model)
    _update(
        session,
        document_id,
        status=READY,
        ready_at=utc_now(),
        progress_done=None,
        progress_total=None,
    )


def fail(session: Session, document_id: str, error_code: str, error_message: str) -> None:
    """Enter the final state `failed`."""
    _update(
        session,
        document_id,
        status=FAILED,
        error_code=error_code,
        error_message=error_message,
        progress_done=None,
        progress_total=None,
    )


def _update(session: Session, document_id: str, **values: Any) -> None:
    session.execute(
        update(Document)
        .where(Document.id == document_id)
        .values(updated_at=utc_now(), **values)
        .execution_options(synchronize_session=False)
    )
