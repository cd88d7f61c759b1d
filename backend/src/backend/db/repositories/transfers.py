"""Rows that were written elsewhere and keep their times, added in bulk."""

from collections.abc import Collection as Set
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, tuple_, update
from sqlalchemy.orm import Session

from backend.db.models import (
    Collection,
    CollectionDocument,
    Conversation,
    Document,
    Message,
    PromptTemplate,
)
from backend.db.repositories import index_tasks, message_passages, messages, prompt_templates
from backend.db.repositories.collections import name_key

# SQLite takes this many values in one statement everywhere.
MAX_IDS = 500


def conversation_ids(session: Session, user_id: str) -> list[str]:
    """Return all conversations of a user, the oldest first."""
    query = select(Conversation.id).where(Conversation.user_id == user_id)
    return list(session.scalars(query.order_by(Conversation.created_at, Conversation.id)))


def conversation_owners(session: Session, conversation_ids: Sequence[str]) -> dict[str, str]:
    """Return whose those of up to MAX_IDS conversations are that exist."""
    query = select(Conversation.id, Conversation.user_id)
    rows = session.execute(query.where(Conversation.id.in_(conversation_ids)))
    return {found.id: found.user_id for found in rows}


def message_homes(session: Session, message_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return user and conversation of those of up to MAX_IDS messages that exist."""
    query = select(Message.id, Message.user_id, Message.conversation_id)
    rows = session.execute(query.where(Message.id.in_(message_ids)))
    return {message_id: (user_id, home) for message_id, user_id, home in rows}


def add_conversation(session: Session, user_id: str, values: Mapping[str, Any]) -> None:
    """Add a conversation with its own id and times."""
    session.execute(insert(Conversation).values(user_id=user_id, **values))


def add_messages(
    session: Session, user_id: str, conversation_id: str, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Add messages with their own ids and times."""
    common = {"user_id": user_id, "conversation_id": conversation_id, "client_id": None}
    session.execute(insert(Message), [{**common, **row} for row in rows])


def remove_conversations(session: Session, user_id: str, conversation_ids: Sequence[str]) -> None:
    """Take up to MAX_IDS conversations back, with their messages and what was recalled of them."""
    there = Message.user_id == user_id, Message.conversation_id.in_(conversation_ids)
    said = session.scalars(select(Message.id).where(*there)).all()
    session.execute(
        delete(Conversation).where(
            Conversation.user_id == user_id, Conversation.id.in_(conversation_ids)
        )
    )
    messages.erase_recalled(session, user_id, said)
    for conversation_id in conversation_ids:  # what is remembered may be in the index by now
        index_tasks.add_delete(session, user_id, conversation_id, subject=index_tasks.MESSAGES)


def remove_messages(session: Session, user_id: str, message_ids: Sequence[str]) -> None:
    """Take up to MAX_IDS messages back, and what was recalled of them."""
    homes = session.scalars(
        delete(Message)
        .where(Message.user_id == user_id, Message.id.in_(message_ids))
        .returning(Message.conversation_id)
    ).all()
    messages.erase_recalled(session, user_id, message_ids)
    for conversation_id in sorted(set(homes)):
        message_passages.repair(session, conversation_id)


def find_collection(session: Session, user_id: str, name: str) -> str | None:
    """Return the user's collection of this name."""
    return session.scalars(
        select(Collection.id).where(
            Collection.user_id == user_id, Collection.name_key == name_key(name)
        )
    ).one_or_none()


def set_collection_times(
    session: Session, collection_id: str, created_at: datetime, updated_at: datetime
) -> None:
    """Let a collection have been made and changed then."""
    session.execute(
        update(Collection)
        .where(Collection.id == collection_id)
        .values(created_at=created_at, updated_at=updated_at)
    )


def add_template(
    session: Session, user_id: str, name: str, text: str, created_at: datetime, updated_at: datetime
) -> str | None:
    """Add a prompt template with its own times; None if the user has one of this name."""
    found = select(PromptTemplate.id).where(
        PromptTemplate.user_id == user_id, PromptTemplate.name_key == name_key(name)
    )
    if session.scalars(found).first() is not None:
        return None
    template_id = prompt_templates.create(session, user_id, name, text).id
    session.execute(
        update(PromptTemplate)
        .where(PromptTemplate.id == template_id)
        .values(created_at=created_at, updated_at=updated_at)
    )
    return template_id


def set_document_time(session: Session, document_id: str, created_at: datetime) -> None:
    """Let a document have been added then."""
    session.execute(
        update(Document)
        .where(Document.id == document_id)
        .values(created_at=created_at)
        .execution_options(synchronize_session=False)
    )


def set_archive(session: Session, document_ids: Sequence[str], archive_id: str) -> None:
    """Let up to MAX_IDS documents have come from an archive."""
    session.execute(
        update(Document)
        .where(Document.id.in_(document_ids))
        .values(archive_id=archive_id)
        .execution_options(synchronize_session=False)
    )


def put_into_collections(
    session: Session, document_id: str, collection_ids: Set[str]
) -> list[tuple[str, str]]:
    """Put a document into those of these collections in which it is not.

    Returns the collections and the document as pairs.
    """
    pairs = [(collection_id, document_id) for collection_id in sorted(collection_ids)]
    key = tuple_(CollectionDocument.collection_id, CollectionDocument.document_id)
    held = {
        (c, d)
        for c, d in session.execute(
            select(CollectionDocument.collection_id, CollectionDocument.document_id).where(
                key.in_(pairs)
            )
        )
    }
    if missing := [pair for pair in pairs if pair not in held]:
        session.execute(
            insert(CollectionDocument),
            [{"collection_id": c, "document_id": d} for c, d in missing],
        )
    return missing


def take_out_of_collections(session: Session, pairs: Sequence[tuple[str, str]]) -> None:
    """Take documents out of collections: up to half of MAX_IDS pairs as put there."""
    key = tuple_(CollectionDocument.collection_id, CollectionDocument.document_id)
    session.execute(delete(CollectionDocument).where(key.in_(pairs)))
