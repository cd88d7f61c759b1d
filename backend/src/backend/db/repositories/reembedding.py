"""Re-embedding: what a model has yet to embed of the documents that are taken in already.

It is the work of an open job whose document is settled, that is, not being taken in.
"""

from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from backend.clock import utc_now
from backend.db.locks import lock_embedding_models
from backend.db.models import Document, DocumentEmbedding, IngestJob
from backend.db.repositories import (
    document_embeddings,
    documents,
    embedding_models,
    index_tasks,
    ingest_jobs,
    message_passages,
)
from backend.db.repositories.documents import EMBEDDING, FAILED, READY, SETTLED
from backend.db.repositories.embedding_models import ModelsInUse


@dataclass(frozen=True, slots=True)
class Progress:
    """How many documents the next model has done with, of how many; `failed` of the done ones
    it could not embed."""

    done: int
    failed: int
    total: int


_HAS_TEXT = and_(Document.chunk_count.is_not(None), Document.deleted_at.is_(None))


def queue_lacking(session: Session, models: ModelsInUse, limit: int = 100) -> int:
    """Queue documents that the target model has not embedded; return how many.

    For a next model these are all that may have vectors; for the serving one those that are
    ready, since nobody retries by himself what failed or was canceled.
    """
    statuses = SETTLED if models.next else (READY,)
    lacking = session.execute(
        select(Document.id, Document.user_id, Document.size_bytes)
        .outerjoin(IngestJob, IngestJob.document_id == Document.id)
        .where(
            _HAS_TEXT,
            Document.status.in_(statuses),
            ~document_embeddings.is_noted(models.target.name),
            or_(IngestJob.state.is_(None), IngestJob.state == ingest_jobs.DONE),
        )
        .limit(limit)
    ).all()
    for row in lacking:
        ingest_jobs.enqueue(session, row.user_id, row.id, row.size_bytes, utc_now())
    return len(lacking)


def progress(session: Session, model: str) -> Progress:
    """Return how far `model` is with all documents that have text."""
    total, done, failed = session.execute(
        select(
            func.count(),
            func.count(DocumentEmbedding.document_id),
            func.count(DocumentEmbedding.error_code),
        )
        .select_from(Document)
        .outerjoin(
            DocumentEmbedding,
            and_(
                DocumentEmbedding.document_id == Document.id,
                DocumentEmbedding.embedding_model == model,
            ),
        )
        .where(_HAS_TEXT)
    ).one()
    return Progress(done, failed, total)


def is_complete(session: Session, model: str) -> bool:
    """Return whether `model` has done with every document that may have vectors."""
    lacking = session.execute(
        select(Document.id)
        .where(
            _HAS_TEXT,
            Document.status.in_((*SETTLED, EMBEDDING)),
            ~document_embeddings.is_noted(model),
        )
        .limit(1)
    )
    return lacking.first() is None


def end_failed(session: Session, document_id: str, error_code: str, error_message: str) -> None:
    """End the work on a document with a reason.

    One that was being taken in is `failed`. One that was being re-embedded keeps what it has
    as long as the serving model serves.
    """
    status = session.scalar(select(Document.status).where(Document.id == document_id))
    models = embedding_models.load(session)
    if status in SETTLED:
        document_embeddings.give_up(
            session, document_id, models.target.name, error_code, error_message
        )
    if status not in SETTLED or (status == READY and models.next is None):
        documents.fail(session, document_id, error_code, error_message)


def switch(session: Session, model: str) -> bool:
    """Let `model` serve if it is the next one, complete, and the index behind nothing.

    Documents that it could not embed are `failed` from now on, with the reason: words still
    find them, and a retry embeds them. Returns False when it is not time.
    """
    lock_embedding_models(session)
    models = embedding_models.load(session)
    if models.next is None or models.next.name != model:
        return False
    if not is_complete(session, model) or not message_passages.is_complete(session, model):
        return False
    if index_tasks.count(session):
        return False
    embedding_models.let_next_serve(session)
    given_up = session.execute(
        select(
            DocumentEmbedding.document_id,
            DocumentEmbedding.error_code,
            DocumentEmbedding.error_message,
        ).where(
            DocumentEmbedding.embedding_model == model,
            DocumentEmbedding.error_code.is_not(None),
        )
    ).all()
    for document_id, code, message in given_up:
        session.execute(
            update(Document)
            .where(Document.id == document_id, Document.status == READY)
            .values(status=FAILED, error_code=code, error_message=message, updated_at=utc_now())
        )
    return True
