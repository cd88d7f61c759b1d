"""The outbox: what the search index has yet to carry out.

Whoever commits chunk rows or deletes a document adds a task in the same transaction.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Session

from backend.clock import utc_now
from backend.db.models import Chunk, Document, IndexTask, table_of

UPSERT_CHUNKS = "upsert_chunks"
UPSERT_NEXT = "upsert_next"  # into the index of the next embedding model, if it is open
DELETE_DOCUMENT = "delete_document"

DOCUMENTS = "documents"
MESSAGES = "messages"  # there `document_id` is a conversation's

# Put together once, on the table: the outbox is looked into several times a second.
_TASKS: Final = table_of(IndexTask)
_ADD: Final = insert(_TASKS)
_WAITING: Final = (
    select(
        _TASKS.c.id,
        _TASKS.c.operation,
        _TASKS.c.document_id,
        _TASKS.c.user_id,
        _TASKS.c.first_ordinal,
        _TASKS.c.last_ordinal,
    )
    .where(_TASKS.c.subject == bindparam("subject"))
    .order_by(_TASKS.c.id)
    .limit(bindparam("most"))
)
_REMOVE: Final = delete(_TASKS).where(_TASKS.c.id.in_(bindparam("ids", expanding=True)))


@dataclass(frozen=True, slots=True)
class IndexTaskRecord:
    """A change to carry out. The ordinals, both inclusive, are None for a deletion."""

    id: int
    operation: str
    document_id: str
    user_id: str
    first_ordinal: int | None
    last_ordinal: int | None


def add_upsert(
    session: Session,
    user_id: str,
    document_id: str,
    first_ordinal: int,
    last_ordinal: int,
    operation: str = UPSERT_CHUNKS,
    *,
    subject: str = DOCUMENTS,
) -> None:
    """Ask for the passages `first_ordinal` to `last_ordinal` to be put into the index."""
    span = (user_id, document_id, first_ordinal, last_ordinal)
    add_upserts(session, [span], operation, subject=subject)


def add_upserts(
    session: Session,
    spans: Iterable[tuple[str, str, int, int]],
    operation: str = UPSERT_CHUNKS,
    *,
    subject: str = DOCUMENTS,
) -> None:
    """As `add_upsert`, of several documents: each with its user, its id and both ordinals."""
    now = utc_now()
    tasks = [
        {
            "operation": operation,
            "document_id": document_id,
            "user_id": user_id,
            "first_ordinal": first_ordinal,
            "last_ordinal": last_ordinal,
            "subject": subject,
            "created_at": now,
        }
        for user_id, document_id, first_ordinal, last_ordinal in spans
    ]
    if tasks:
        session.execute(_ADD, tasks)


def add_delete(
    session: Session, user_id: str, document_id: str, *, subject: str = DOCUMENTS
) -> None:
    """Ask for every point of the document to be taken out of the index."""
    session.execute(
        _ADD,
        {
            "operation": DELETE_DOCUMENT,
            "document_id": document_id,
            "user_id": user_id,
            "subject": subject,
            "created_at": utc_now(),
        },
    )


def enqueue_all(session: Session) -> int:
    """Ask for all chunks of all live documents anew and mark these unsearchable until then.

    Returns how many documents that are. For an index that is new or was lost.
    """
    spans = session.execute(
        select(Chunk.user_id, Chunk.document_id, func.min(Chunk.ordinal), func.max(Chunk.ordinal))
        .join(Document, Document.id == Chunk.document_id)
        .where(Document.deleted_at.is_(None))
        .group_by(Chunk.user_id, Chunk.document_id)
    ).all()
    add_upserts(session, spans)
    session.execute(
        update(Document)
        .where(Document.searchable.is_(True), Document.deleted_at.is_(None))
        .values(searchable=False, updated_at=utc_now())
    )
    return len(spans)


def waiting(session: Session, limit: int, *, subject: str = DOCUMENTS) -> list[IndexTaskRecord]:
    """Return the oldest tasks of a subject, in the order in which they are to be carried out."""
    rows = session.execute(_WAITING, {"subject": subject, "most": limit})
    return [IndexTaskRecord(*row) for row in rows]


def waiting_for(session: Session, *, subject: str = DOCUMENTS) -> set[str]:
    """Return the documents, or conversations, that tasks wait for."""
    query = select(IndexTask.document_id).where(IndexTask.subject == subject)
    return set(session.scalars(query.distinct()))


def remove(session: Session, ids: Sequence[int]) -> None:
    """Forget tasks that were carried out."""
    session.execute(_REMOVE, {"ids": ids})


def count(session: Session, up_to: int | None = None) -> int:
    """Return how many tasks wait, or how many of those up to this id."""
    query = select(func.count()).select_from(IndexTask)
    if up_to is not None:
        query = query.where(IndexTask.id <= up_to)
    return session.execute(query).scalar_one()


def newest_id(session: Session) -> int:
    """Return the id of the task that was written last, 0 if none waits."""
    return session.scalar(select(func.max(IndexTask.id))) or 0
