"""What the doctor compares: rows that cannot be right, whoever they belong to."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ScalarSelect, Select, and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from backend.db.models import (
    Chunk,
    Document,
    DocumentEmbedding,
    IndexTask,
    IngestJob,
    Message,
    Page,
    PassageVectors,
)
from backend.db.repositories import index_tasks, ingest_jobs
from backend.db.repositories.documents import ACTIVE, READY
from backend.db.repositories.messages import STREAMING


@dataclass(frozen=True, slots=True)
class Totals:
    """How much there is of everything."""

    documents: int
    pages: int
    passages: int
    tasks_waiting: int


@dataclass(frozen=True, slots=True)
class Suspect:
    """A live document that something is wrong with."""

    document_id: str
    user_id: str
    filename: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Miscounted:
    """A ready document whose row and whose pages and passages disagree."""

    document: Suspect
    page_count: int | None
    pages: int
    chunk_count: int | None
    chunks: int


@dataclass(frozen=True, slots=True)
class NeededFile:
    """A live document's file."""

    document: Suspect
    sha256: str


@dataclass(frozen=True, slots=True)
class IndexedRows:
    """How many points a document should have, and how many of them with a vector."""

    passages: int
    embedded: int


_SUSPECT = (Document.id, Document.user_id, Document.filename, Document.size_bytes)


def totals(session: Session) -> Totals:
    """Count what live documents have, and what the index has yet to carry out."""

    def count(query: Select[int]) -> int:
        return session.execute(query.where(Document.deleted_at.is_(None))).scalar_one()

    number = func.count()
    return Totals(
        documents=count(select(number).select_from(Document)),
        pages=count(select(number).select_from(Page).join(Document)),
        passages=count(select(number).select_from(Chunk).join(Document)),
        tasks_waiting=index_tasks.count(session),
    )


def needed_files(session: Session) -> list[NeededFile]:
    """Return the file of every live document."""
    rows = session.execute(select(*_SUSPECT, Document.sha256).where(Document.deleted_at.is_(None)))
    return [NeededFile(Suspect(*row[:4]), row[4]) for row in rows]


def known_sha256(session: Session) -> set[str]:
    """Return the files of all documents, those marked deleted too."""
    return set(session.scalars(select(Document.sha256)))


def documents_without_job(session: Session) -> list[Suspect]:
    """Return documents that are being taken in, says their status, but stand in no queue."""
    rows = session.execute(
        select(*_SUSPECT)
        .outerjoin(IngestJob, IngestJob.document_id == Document.id)
        .where(
            Document.status.in_(ACTIVE),
            Document.deleted_at.is_(None),
            or_(IngestJob.document_id.is_(None), IngestJob.state == ingest_jobs.DONE),
        )
    )
    return [Suspect(*row) for row in rows]


def jobs_without_document(session: Session) -> list[str]:
    """Return the document ids of jobs whose document is not there."""
    return list(
        session.scalars(
            select(IngestJob.document_id)
            .outerjoin(Document, Document.id == IngestJob.document_id)
            .where(Document.id.is_(None))
        )
    )


def remove_job(session: Session, document_id: str) -> None:
    """Delete a job."""
    session.execute(delete(IngestJob).where(IngestJob.document_id == document_id))


def expired_leases(session: Session, before: datetime) -> list[Suspect]:
    """Return documents whose job's lease ended before then without anybody taking it over."""
    rows = session.execute(
        select(*_SUSPECT)
        .join(IngestJob, IngestJob.document_id == Document.id)
        .where(
            IngestJob.state == ingest_jobs.LEASED,
            IngestJob.lease_expires_at < before,
            Document.deleted_at.is_(None),
        )
    )
    return [Suspect(*row) for row in rows]


def is_any_lease_held(session: Session, now: datetime) -> bool:
    """Return whether some worker is at work."""
    held = select(IngestJob.document_id).where(
        IngestJob.state == ingest_jobs.LEASED, IngestJob.lease_expires_at >= now
    )
    return session.execute(held.limit(1)).first() is not None


def end_lease(session: Session, document_id: str, now: datetime) -> None:
    """Let a job wait whose lease has ended."""
    session.execute(
        update(IngestJob)
        .where(
            IngestJob.document_id == document_id,
            IngestJob.state == ingest_jobs.LEASED,
            IngestJob.lease_expires_at < now,
        )
        .values(state=ingest_jobs.WAITING, lease_owner=None)
    )


def streaming_messages(session: Session, untouched_since: datetime) -> list[str]:
    """Return answers that are being written, says their status, but were not saved since."""
    return list(
        session.scalars(
            select(Message.id).where(
                Message.status == STREAMING, Message.updated_at < untouched_since
            )
        )
    )


def unfinished_deletions(session: Session, before: datetime) -> list[tuple[str, str]]:
    """Return document and user ids of what was deleted before then and is not gone yet."""
    rows = session.execute(
        select(Document.id, Document.user_id).where(Document.deleted_at < before)
    )
    return [(document_id, user_id) for document_id, user_id in rows]


def oldest_task(session: Session) -> datetime | None:
    """Return when the oldest waiting index task was written."""
    return session.scalar(select(func.min(IndexTask.created_at)))


def miscounted(session: Session) -> list[Miscounted]:
    """Return ready documents without passages or with other numbers than their row says."""
    pages = _parts(Page)
    chunks = _parts(Chunk)
    rows = session.execute(
        select(*_SUSPECT, Document.page_count, pages, Document.chunk_count, chunks).where(
            Document.status == READY,
            Document.deleted_at.is_(None),
            or_(
                chunks == 0,
                Document.page_count.is_distinct_from(pages),
                Document.chunk_count.is_distinct_from(chunks),
            ),
        )
    )
    return [Miscounted(Suspect(*row[:4]), *row[4:]) for row in rows]


def without_vectors(session: Session) -> list[Suspect]:
    """Return ready documents of which some passage lacks vectors of a model that is said to
    have embedded all of them."""
    bare = (
        select(Chunk.document_id)
        .join(DocumentEmbedding, DocumentEmbedding.document_id == Chunk.document_id)
        .where(
            DocumentEmbedding.error_code.is_(None),
            ~exists().where(
                PassageVectors.chunk_id == Chunk.id,
                PassageVectors.embedding_model == DocumentEmbedding.embedding_model,
            ),
        )
    )
    rows = session.execute(
        select(*_SUSPECT).where(
            Document.status == READY, Document.deleted_at.is_(None), Document.id.in_(bare)
        )
    )
    return [Suspect(*row) for row in rows]


def indexed_rows(session: Session, embedding_model: str) -> dict[str, IndexedRows]:
    """Return what the index should have of each live document."""
    rows = session.execute(
        select(Document.id, func.count(Chunk.id), func.count(PassageVectors.chunk_id))
        .outerjoin(Chunk, Chunk.document_id == Document.id)
        .outerjoin(
            PassageVectors,
            and_(
                PassageVectors.chunk_id == Chunk.id,
                PassageVectors.embedding_model == embedding_model,
            ),
        )
        .where(Document.deleted_at.is_(None))
        .group_by(Document.id)
    )
    return {document_id: IndexedRows(count, vectors) for document_id, count, vectors in rows}


def documents_with_tasks(session: Session) -> set[str]:
    """Return the documents of which the index has yet to carry out something."""
    return set(session.scalars(select(IndexTask.document_id).distinct()))


def deleted_document_ids(session: Session) -> set[str]:
    """Return the documents that are marked deleted."""
    return set(session.scalars(select(Document.id).where(Document.deleted_at.is_not(None))))


def index_anew(session: Session, document_id: str) -> None:
    """Ask for a document's points to be removed and put in again."""
    found = session.execute(
        select(Document.user_id, func.max(Chunk.ordinal))
        .outerjoin(Chunk, Chunk.document_id == Document.id)
        .where(Document.id == document_id)
        .group_by(Document.user_id)
    ).first()
    if found is None:
        return
    user_id, last_ordinal = found
    index_tasks.add_delete(session, user_id, document_id)
    session.flush()  # tasks are carried out in the order of their ids
    if last_ordinal is not None:
        index_tasks.add_upsert(session, user_id, document_id, 0, last_ordinal)


def probe_document_ids(session: Session, embedding_model: str, limit: int) -> list[str]:
    """Return some documents whose first passage is in the index by both halves, the oldest and
    the newest among them."""
    ids = list(
        session.scalars(
            select(Chunk.document_id)
            .join(Document, Document.id == Chunk.document_id)
            .join(PassageVectors, PassageVectors.chunk_id == Chunk.id)
            .where(
                Chunk.ordinal == 0,
                PassageVectors.embedding_model == embedding_model,
                Document.deleted_at.is_(None),
            )
            .order_by(Chunk.document_id)
        )
    )
    if len(ids) <= limit:
        return ids
    return [ids[n * (len(ids) - 1) // (limit - 1)] for n in range(limit)]


def _parts(table: type[Page] | type[Chunk]) -> ScalarSelect[int]:
    return (
        select(func.count())
        .select_from(table)
        .where(table.document_id == Document.id)
        .correlate(Document)
        .scalar_subquery()
    )
