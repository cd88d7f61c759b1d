"""Collections: named sets of a user's documents.

A change of what is in a collection touches the documents' `updated_at`, which is how open
pages learn of it. What is done with an archive is done with all documents in it.
"""

import unicodedata
from collections.abc import Collection as Set
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.clock import utc_now
from backend.db.models import Collection, CollectionDocument, Document
from backend.db.repositories import archives, documents
from backend.errors import Conflict, InvalidRequest, NotFound


@dataclass(frozen=True, slots=True)
class CollectionRecord:
    """A collection. `document_count` counts live documents."""

    id: str
    user_id: str
    name: str
    document_count: int
    created_at: datetime
    updated_at: datetime


def name_key(name: str) -> str:
    """Return what names that count as the same have in common."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def create(session: Session, user_id: str, name: str) -> CollectionRecord:
    """Add an empty collection.

    Raises:
        Conflict: the user has one of this name.
    """
    now = utc_now()
    row = Collection(
        user_id=user_id, name=name, name_key=name_key(name), created_at=now, updated_at=now
    )
    session.add(row)
    _flush_name(session)
    return get(session, user_id, row.id)


def get(session: Session, user_id: str, collection_id: str) -> CollectionRecord:
    """Return a collection of this user.

    Raises:
        NotFound: there is none.
    """
    row = session.execute(_with_counts(user_id).where(Collection.id == collection_id)).first()
    if row is None:
        raise NotFound("This collection does not exist, or it is not yours.")
    return CollectionRecord(*row)


def list_page(
    session: Session, user_id: str, limit: int, cursor: str | None = None
) -> tuple[list[CollectionRecord], str | None]:
    """Return up to `limit` collections by name, and the next cursor if there are more.

    The cursor is the id of the last collection returned.

    Raises:
        InvalidRequest: there is no such collection any more.
    """
    query = _with_counts(user_id)
    if cursor is not None:
        query = query.where(Collection.name_key > _key_of(session, user_id, cursor))
    rows = session.execute(query.order_by(Collection.name_key).limit(limit + 1)).all()
    records = [CollectionRecord(*row) for row in rows[:limit]]
    return records, records[-1].id if len(rows) > limit else None


def rename(session: Session, user_id: str, collection_id: str, name: str) -> CollectionRecord:
    """Give the collection another name.

    Raises:
        NotFound: there is no such collection.
        Conflict: another one of the user has this name.
    """
    row = _row(session, user_id, collection_id)
    row.name, row.name_key, row.updated_at = name, name_key(name), utc_now()
    _flush_name(session)
    return get(session, user_id, collection_id)


def remove(session: Session, user_id: str, collection_id: str) -> None:
    """Delete the collection; its documents stay.

    Raises:
        NotFound: there is no such collection.
    """
    row = _row(session, user_id, collection_id)
    members = select(CollectionDocument.document_id).where(
        CollectionDocument.collection_id == collection_id
    )
    session.execute(
        update(Document)
        .where(Document.id.in_(members))
        .values(updated_at=utc_now())
        .execution_options(synchronize_session=False)
    )
    session.delete(row)
    session.flush()


def add_document(
    session: Session, user_id: str, collection_id: str, document_id: str
) -> CollectionRecord:
    """Put a document into the collection, an archive with all documents in it.

    Nothing happens to those that are there already.

    Raises:
        NotFound: there is no such collection or document.
    """
    row = _row(session, user_id, collection_id)
    wanted = _with_contents(session, user_id, document_id)
    if missing := wanted - _members_among(session, collection_id, wanted):
        documents.touch(session, *missing)
        session.execute(
            insert(CollectionDocument),
            [{"collection_id": collection_id, "document_id": id_} for id_ in sorted(missing)],
        )
        row.updated_at = utc_now()
        session.flush()
    return get(session, user_id, collection_id)


def remove_document(
    session: Session, user_id: str, collection_id: str, document_id: str
) -> CollectionRecord:
    """Take a document out of the collection, an archive with all documents in it.

    Nothing happens to those that are not there.

    Raises:
        NotFound: there is no such collection or document.
    """
    row = _row(session, user_id, collection_id)
    unwanted = _with_contents(session, user_id, document_id)
    if members := _members_among(session, collection_id, unwanted):
        documents.touch(session, *members)
        session.execute(
            delete(CollectionDocument).where(
                CollectionDocument.collection_id == collection_id,
                CollectionDocument.document_id.in_(members),
            )
        )
        row.updated_at = utc_now()
        session.flush()
    return get(session, user_id, collection_id)


def inherit(session: Session, archive_id: str, document_id: str) -> None:
    """Put a document into the collections in which the archive is that holds it.

    Have the archive's row written before in this transaction: then nobody changes its
    collections meanwhile.
    """
    held = select(CollectionDocument.collection_id).where(
        CollectionDocument.document_id == document_id
    )
    missing = session.scalars(
        select(CollectionDocument.collection_id).where(
            CollectionDocument.document_id == archive_id,
            CollectionDocument.collection_id.not_in(held),
        )
    ).all()
    if missing:
        documents.touch(session, document_id)
        session.execute(
            insert(CollectionDocument),
            [{"collection_id": id_, "document_id": document_id} for id_ in missing],
        )


def add_where(session: Session, document_id: str, new_document_id: str) -> None:
    """Put a document into every collection that another one is in."""
    found = select(CollectionDocument.collection_id)
    wanted = session.scalars(found.where(CollectionDocument.document_id == document_id))
    present = session.scalars(found.where(CollectionDocument.document_id == new_document_id))
    for collection_id in set(wanted).difference(present):
        session.add(CollectionDocument(collection_id=collection_id, document_id=new_document_id))
    session.flush()
    documents.touch(session, new_document_id)


def existing_ids(session: Session, user_id: str, collection_ids: Set[str]) -> set[str]:
    """Return those of `collection_ids` that are collections of this user."""
    found = select(Collection.id).where(
        Collection.id.in_(collection_ids), Collection.user_id == user_id
    )
    return set(session.scalars(found))


def document_ids(session: Session, user_id: str, collection_ids: Set[str]) -> set[str]:
    """Return the live documents in any of these collections; unknown collections hold none."""
    found = (
        select(CollectionDocument.document_id)
        .join(Collection, Collection.id == CollectionDocument.collection_id)
        .join(Document, Document.id == CollectionDocument.document_id)
        .where(
            Collection.id.in_(collection_ids),
            Collection.user_id == user_id,
            Document.deleted_at.is_(None),
        )
    )
    return set(session.scalars(found))


def _with_contents(session: Session, user_id: str, document_id: str) -> set[str]:
    documents.get(session, user_id, document_id)
    archives.hold_still(session, document_id)
    return {document_id} | archives.contents(session, {document_id})


def _members_among(session: Session, collection_id: str, document_ids: Set[str]) -> set[str]:
    found = select(CollectionDocument.document_id).where(
        CollectionDocument.collection_id == collection_id,
        CollectionDocument.document_id.in_(document_ids),
    )
    return set(session.scalars(found))


def _with_counts(user_id: str) -> Select[str, str, str, int, datetime, datetime]:
    count = (
        select(func.count())
        .select_from(CollectionDocument)
        .join(Document, Document.id == CollectionDocument.document_id)
        .where(CollectionDocument.collection_id == Collection.id, Document.deleted_at.is_(None))
        .correlate(Collection)
        .scalar_subquery()
    )
    return select(
        Collection.id,
        Collection.user_id,
        Collection.name,
        count,
        Collection.created_at,
        Collection.updated_at,
    ).where(Collection.user_id == user_id)


def _row(session: Session, user_id: str, collection_id: str) -> Collection:
    row = session.scalars(
        select(Collection).where(Collection.id == collection_id, Collection.user_id == user_id)
    ).one_or_none()
    if row is None:
        raise NotFound("This collection does not exist, or it is not yours.")
    return row


def _key_of(session: Session, user_id: str, collection_id: str) -> str:
    try:
        return _row(session, user_id, collection_id).name_key
    except NotFound:
        raise InvalidRequest("This cursor is not valid. Start again without it.") from None


def _flush_name(session: Session) -> None:
    try:
        session.flush()
    except IntegrityError:
        sentence = "You have a collection of this name. Choose another name."
        raise Conflict(sentence, details={"name": sentence}) from None
