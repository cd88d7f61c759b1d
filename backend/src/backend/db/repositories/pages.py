"""The text of documents, page by page, with the places of its characters."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, delete, insert, select
from sqlalchemy.orm import Session

from backend.db.models import Document, Page
from backend.errors import NotFound


@dataclass(frozen=True, slots=True)
class NewPage:
    """A page to be stored; `layout` is packed by `ingest.extract.layout`."""

    number: int
    text: str
    start: int
    width: float | None
    height: float | None
    layout: bytes | None
    is_ocr: bool = False


@dataclass(frozen=True, slots=True)
class PageRecord:
    """A page's text; `number` counts from 1, `start` is its place in the document's text."""

    number: int
    text: str
    start: int
    is_ocr: bool


@dataclass(frozen=True, slots=True)
class PageLayoutRecord:
    """The size of a page as displayed, in points, and its packed character boxes."""

    number: int
    text_length: int
    width: float | None
    height: float | None
    layout: bytes | None


def insert_many(session: Session, document_id: str, pages: Sequence[NewPage]) -> None:
    """Store pages of a document."""
    if pages:
        session.execute(
            insert(Page),
            [
                {
                    "document_id": document_id,
                    "number": page.number,
                    "text": page.text,
                    "start": page.start,
                    "width": page.width,
                    "height": page.height,
                    "layout": page.layout,
                    "is_ocr": page.is_ocr,
                }
                for page in pages
            ],
        )


def delete_all(session: Session, document_id: str) -> None:
    """Remove all pages of a document."""
    session.execute(delete(Page).where(Page.document_id == document_id))


def get(session: Session, user_id: str, document_id: str, number: int) -> PageRecord:
    """Return a page of a live document of this user.

    Raises:
        NotFound: there is no such page, or it has not been read yet.
    """
    row = session.execute(
        select(Page.number, Page.text, Page.start, Page.is_ocr)
        .join(Document, Document.id == Page.document_id)
        .where(_is_page_of(user_id, document_id, number))
    ).first()
    if row is None:
        raise NotFound("This page does not exist, or it has not been read yet.")
    return PageRecord(*row)


def get_layout(session: Session, user_id: str, document_id: str, number: int) -> PageLayoutRecord:
    """Return where a page's characters are.

    Raises:
        NotFound: there is no such page, or it has not been read yet.
    """
    row = session.execute(
        select(Page.number, Page.text, Page.width, Page.height, Page.layout)
        .join(Document, Document.id == Page.document_id)
        .where(_is_page_of(user_id, document_id, number))
    ).first()
    if row is None:
        raise NotFound("This page does not exist, or it has not been read yet.")
    return PageLayoutRecord(row.number, len(row.text), row.width, row.height, row.layout)


def _is_page_of(user_id: str, document_id: str, number: int) -> ColumnElement[bool]:
    return and_(
        Page.document_id == document_id,
        Page.number == number,
        Document.user_id == user_id,
        Document.deleted_at.is_(None),
    )
