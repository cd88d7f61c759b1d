"""Which documents are completely embedded by which models, and which never will be."""

from sqlalchemy import ColumnElement, and_, delete, exists, insert
from sqlalchemy.orm import Session

from backend.db.models import Document, DocumentEmbedding


def complete(session: Session, document_id: str, model: str) -> None:
    """Note that `model` has embedded all there is to embed of the document."""
    _replace(session, document_id, model, None, None)


def give_up(
    session: Session, document_id: str, model: str, error_code: str, error_message: str
) -> None:
    """Note why `model` cannot embed the document: nobody tries it again by himself."""
    _replace(session, document_id, model, error_code, error_message)


def forget(session: Session, document_id: str) -> None:
    """Forget what was noted of the document: it is being read or embedded anew."""
    session.execute(delete(DocumentEmbedding).where(DocumentEmbedding.document_id == document_id))


def is_noted(model: str) -> ColumnElement[bool]:
    """Return the condition that `model` has done with the row's `Document`."""
    return exists().where(
        and_(
            DocumentEmbedding.document_id == Document.id,
            DocumentEmbedding.embedding_model == model,
        )
    )


def _replace(
    session: Session, document_id: str, model: str, code: str | None, message: str | None
) -> None:
    session.execute(
        delete(DocumentEmbedding).where(
            DocumentEmbedding.document_id == document_id,
            DocumentEmbedding.embedding_model == model,
        )
    )
    session.execute(
        insert(DocumentEmbedding).values(
            document_id=document_id,
            embedding_model=model,
            error_code=code,
            error_message=message,
        )
    )
