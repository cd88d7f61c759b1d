"""What is remembered across conversations, and how it is forgotten.

Nothing is copied: a remembered turn is its message. To forget it is to take the mark off;
the message itself stays in its conversation.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Select, bindparam, func, select, update
from sqlalchemy.orm import Session

from backend.db.models import Conversation, Message, UserPreferences, table_of
from backend.db.repositories import conversations, message_passages, messages
from backend.db.repositories.messages import ENDED_WITH_TEXT
from backend.errors import NotFound

_EXPORTED_AT_A_TIME = 1_000

_CONVERSATION: Final = table_of(Conversation).c
_PREFERENCES: Final = table_of(UserPreferences)
# Every question asks for this: put together once, on the tables.
_SWITCHES: Final = (
    select(_CONVERSATION.memory_enabled, _PREFERENCES.c.memory_enabled)
    .outerjoin(_PREFERENCES, _PREFERENCES.c.user_id == _CONVERSATION.user_id)
    .where(
        _CONVERSATION.id == bindparam("conversation_id"),
        _CONVERSATION.user_id == bindparam("user_id"),
    )
)


@dataclass(frozen=True, slots=True)
class MemoryStats:
    """How much is remembered of how many conversations, and since when; None: nothing."""

    message_count: int
    conversation_count: int
    oldest: datetime | None
    newest: datetime | None


@dataclass(frozen=True, slots=True)
class MemorySwitches:
    """What a conversation and its user want; `user` None: the server's MEMORY_ENABLED."""

    conversation: bool
    user: bool | None


@dataclass(frozen=True, slots=True)
class RememberedMessage:
    """A message that other conversations may be told of, word for word."""

    message_id: str
    conversation_id: str
    conversation_title: str
    role: str
    model: str | None
    content: str
    created_at: datetime


def switches(session: Session, user_id: str, conversation_id: str) -> MemorySwitches:
    """Return whether memory is on, as of now.

    Raises:
        NotFound: there is no such conversation of this user.
    """
    found = session.execute(_SWITCHES, {"user_id": user_id, "conversation_id": conversation_id})
    row = found.one_or_none()
    if row is None:
        raise NotFound
    return MemorySwitches(*row)


def stats(session: Session, user_id: str) -> MemoryStats:
    """Count what is remembered."""
    row = session.execute(
        select(
            func.count(Message.id),
            func.count(Message.conversation_id.distinct()),
            func.min(Message.created_at),
            func.max(Message.created_at),
        )
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(*_remembered(user_id))
    ).one()
    return MemoryStats(*row)


def export(session: Session, user_id: str) -> Iterator[RememberedMessage]:
    """Yield everything that is remembered, oldest first."""
    rows = session.execute(
        _remembered_messages(user_id)
        .order_by(Message.created_at, Message.id)
        .execution_options(yield_per=_EXPORTED_AT_A_TIME)
    )
    for row in rows:
        yield RememberedMessage(*row)


def said_between(
    session: Session,
    user_id: str,
    since: datetime,
    until: datetime,
    *,
    except_conversation_id: str,
    limit: int,
) -> list[RememberedMessage]:
    """Return what the user said last in that time, the latest first, of other conversations."""
    rows = session.execute(
        _remembered_messages(user_id)
        .where(
            Message.role == "user",
            Message.created_at >= since,
            Message.created_at < until,
            Message.conversation_id != except_conversation_id,
        )
        .order_by(Message.created_at.desc(), Message.id.desc())
        .limit(limit)
    )
    return [RememberedMessage(*row) for row in rows]


def still_remembered(session: Session, user_id: str, message_ids: Collection[str]) -> set[str]:
    """Return those of these messages that are remembered."""
    if not message_ids:
        return set()
    query = (
        select(Message.id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(Message.id.in_(message_ids), *_remembered(user_id))
    )
    return set(session.scalars(query))


def forget_message(session: Session, user_id: str, message_id: str) -> int:
    """Forget one turn; return 1, or 0 if it was not remembered.

    Raises:
        NotFound: there is no such message of this user.
    """
    messages.get(session, user_id, message_id)
    return _forget(session, user_id, Message.id == message_id)


def forget_conversation(session: Session, user_id: str, conversation_id: str) -> int:
    """Forget every turn of a conversation; return how many were remembered.

    Raises:
        NotFound: there is no such conversation of this user.
    """
    conversations.get(session, user_id, conversation_id)
    return _forget(session, user_id, Message.conversation_id == conversation_id)


def forget_all(session: Session, user_id: str, before: datetime | None = None) -> int:
    """Forget everything, or what was said before then; return how many turns it was."""
    return _forget(session, user_id, *([] if before is None else [Message.created_at < before]))


def _remembered_messages(user_id: str) -> Select[str, str, str, str, str | None, str, datetime]:
    return (
        select(
            Message.id,
            Message.conversation_id,
            Conversation.title,
            Message.role,
            Message.model,
            Message.content,
            Message.created_at,
        )
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(*_remembered(user_id))
    )


def _remembered(user_id: str) -> tuple[ColumnElement[bool], ...]:
    return (
        Message.user_id == user_id,
        Message.status.in_(ENDED_WITH_TEXT),
        Message.content != "",
        message_passages.is_recallable(),
    )


def _forget(session: Session, user_id: str, *which: ColumnElement[bool]) -> int:
    forgotten = session.execute(
        update(Message)
        .where(Message.user_id == user_id, Message.is_remembered, *which)
        .values(is_remembered=False)
        .returning(Message.id, Message.conversation_id)
    ).all()
    message_passages.index_again(session, user_id, {row.conversation_id for row in forgotten})
    messages.erase_recalled(session, user_id, {row.id for row in forgotten})
    return len(forgotten)
