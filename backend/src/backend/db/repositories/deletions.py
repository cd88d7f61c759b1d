"""Deleting documents: marked first, gone from every search at once; removed bit by bit after.

The index forgets a document before its rows and its file go, see `store.indexer`.
"""

from sqlalchemy import delete, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from backend.clock import utc_now
from backend.db.models import Chunk, Document, Page, WatchedFile
from backend.db.repositories import archives, documents, index_tasks, ingest_jobs


def mark_deleted(session: Session, user_id: str, document_id: str) -> list[str]:
    """Make the document invisible, end its job and ask the index to forget it.

    With an archive go the documents that came from it, but for those that another archive
    holds too. Watched files that have them let go of them. Returns the ids of all that went.

    Raises:
        NotFound: there is no such document.
    """
    documents.get(session, user_id, document_id)
    doomed = archives.part_from(session, document_id)
    for column in (WatchedFile.document_id, WatchedFile.replaced_document_id):
        session.execute(update(WatchedFile).where(column.in_(doomed)).values({column: None}))
    ingest_jobs.end(session, *doomed)
    now = utc_now()
    session.execute(
        update(Document)
        .where(Document.id.in_(doomed))
        .values(updated_at=now, deleted_at=now)
        .execution_options(synchronize_session=False)
    )
    for doomed_id in doomed:
        index_tasks.add_delete(session, user_id, doomed_id)
    return doomed


def deleted_sha256(session: Session, document_id: str) -> str | None:
    """Return the file of a document that is marked deleted; None for any other."""
    return session.execute(
        select(Document.sha256).where(Document.id == document_id, Document.deleted_at.is_not(None))
    ).scalar_one_or_none()


def purge_parts(session: Session, document_id: str, limit: int) -> int:
    """Remove up to `limit` pages and as many chunks of a document that is marked deleted.

    Returns how many went. Huge documents go bit by bit, so that nobody waits for long.
    """
    if deleted_sha256(session, document_id) is None:
        return 0
    removed = 0
    chunk_ids = select(Chunk.id).where(Chunk.document_id == document_id).limit(limit)
    numbers = select(Page.number).where(Page.document_id == document_id).limit(limit)
    for statement in (
        delete(Chunk).where(Chunk.id.in_(chunk_ids)),
        delete(Page).where(Page.document_id == document_id, Page.number.in_(numbers)),
    ):
        result = session.execute(statement.execution_options(synchronize_session=False))
        assert isinstance(result, CursorResult)
        removed += result.rowcount
    return removed


def purge(session: Session, document_id: str) -> None:
    """Remove a document that is marked deleted, with its pages, chunks and job."""
    session.execute(
        delete(Document).where(Document.id == document_id, Document.deleted_at.is_not(None))
    )


def is_file_in_use(session: Session, sha256: str) -> bool:
    """Return whether any document, deleted or not, still has these bytes."""
    found = session.execute(select(Document.id).where(Document.sha256 == sha256).limit(1))
    return found.first() is not None
