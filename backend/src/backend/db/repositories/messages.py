"""Rows of `messages`, as records. They form a tree: `parent_id` is the message before.

Every question runs most of these statements, so they are put together once, on the table.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    Text,
    bindparam,
    cast,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.orm import Session

from backend.clock import utc_now
from backend.db.models import Message, table_of
from backend.db.types import new_id
from backend.errors import AlreadyEnded, NotFound

STREAMING = "streaming"
ENDED_WITH_TEXT = ("complete", "stopped", "interrupted")

# What other server processes ask of the one that writes an answer.
WriterRequest = Literal["stop", "save"]
STOP: Final = "stop"
SAVE: Final = "save"

_MESSAGES: Final = table_of(Message)
_ROW: Final = _MESSAGES.c

_OF_USER: Final = select(_MESSAGES).where(_ROW.user_id == bindparam("user_id"))
_BY_ID: Final = _OF_USER.where(_ROW.id == bindparam("message_id"))
_BY_CLIENT_ID: Final = _OF_USER.where(_ROW.client_id == bindparam("client_id"))
_BEING_WRITTEN: Final = _OF_USER.where(_ROW.status == STREAMING)
_NEWEST_ID: Final = (
    select(_ROW.id)
    .where(
        _ROW.conversation_id == bindparam("conversation_id"),
        _ROW.user_id == bindparam("user_id"),
    )
    .order_by(_ROW.created_at.desc(), _ROW.id.desc())
    .limit(1)
)
_ADD: Final = insert(_MESSAGES)
_SAVE_TEXT: Final = (
    update(_MESSAGES)
    .where(_ROW.id == bindparam("message_id"), _ROW.status == STREAMING)
    .values(
        content=bindparam("text"),
        updated_at=bindparam("now"),
        writer_request=func.nullif(_ROW.writer_request, SAVE),
    )
)
_FINISH: Final = (
    update(_MESSAGES)
    .where(
        _ROW.id == bindparam("message_id"),
        _ROW.user_id == bindparam("owner_id"),
        _ROW.status == STREAMING,
    )
    .returning(*_ROW)
)


@dataclass(frozen=True, slots=True)
class Metering:
    """What an answer took and how its stream ended; None: the provider did not say.

    `estimated_input_tokens` is what we took the same prompt to be before it was sent.
    `left_out` is JSON as in the wire contract.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    estimated_input_tokens: int | None = None
    stop_reason: str | None = None  # stop, length, content_filter
    left_out: dict[str, Any] | None = None


NOT_METERED = Metering()


@dataclass(frozen=True, slots=True)
class MessageRecord:
    """A message. `error`, `citations` and `memories` are JSON as in the wire contract."""

    id: str
    conversation_id: str
    user_id: str
    parent_id: str | None
    role: str  # user, assistant
    content: str
    status: str  # complete, streaming, stopped, interrupted, failed
    model: str | None
    client_id: str | None
    error: dict[str, Any] | None
    citations: list[dict[str, Any]]
    memories: list[dict[str, Any]]
    created_at: datetime
    updated_at: datetime
    no_answer: bool = False  # whether the documents did not clearly answer the question
    memories_state: str | None = None  # ok, off, unavailable; None: nobody looked
    memory_enabled: bool | None = None  # its own switch; None: the conversation's decides
    is_remembered: bool = False  # whether it may be recalled while its conversation's memory is on
    metering: Metering = NOT_METERED
    writer_request: str | None = None  # stop, save: what the process that writes it shall do


def add(
    session: Session,
    *,
    user_id: str,
    conversation_id: str,
    parent_id: str | None,
    role: str,
    content: str = "",
    status: str = "complete",
    model: str | None = None,
    client_id: str | None = None,
    memory_enabled: bool | None = None,
    is_remembered: bool = True,
) -> MessageRecord:
    """Add a message. The caller has made sure that the conversation is the user's.

    Args:
        memory_enabled: the message's own switch; None: the conversation's decides.
        is_remembered: whether other conversations may be told of it while its own has memory on.
    """
    now = utc_now()
    values: dict[str, Any] = {
        "id": new_id(),
        "conversation_id": conversation_id,
        "user_id": user_id,
        "parent_id": parent_id,
        "role": role,
        "content": content,
        "status": status,
        "model": model,
        "client_id": client_id,
        "error": None,
        "citations": [],
        "memories": [],
        "memory_enabled": memory_enabled,
        "is_remembered": is_remembered and memory_enabled is not False,
        "created_at": now,
        "updated_at": now,
    }
    session.execute(_ADD, values)
    return MessageRecord(**values)


def get(session: Session, user_id: str, message_id: str) -> MessageRecord:
    """Return the user's message.

    Raises:
        NotFound: it does not exist or is not the user's.
    """
    found = session.execute(_BY_ID, {"message_id": message_id, "user_id": user_id})
    row = found.one_or_none()
    if row is None:
        raise NotFound
    return _record(row)


def find_by_client_id(session: Session, user_id: str, client_id: str) -> MessageRecord | None:
    """Return the message that the client sent under its own id, if it arrived before."""
    found = session.execute(_BY_CLIENT_ID, {"user_id": user_id, "client_id": client_id})
    row = found.one_or_none()
    return None if row is None else _record(row)


def list_for_conversation(
    session: Session, user_id: str, conversation_id: str
) -> list[MessageRecord]:
    """Return every message of every branch, oldest first."""
    rows = session.execute(
        _OF_USER.where(_ROW.conversation_id == conversation_id).order_by(_ROW.created_at, _ROW.id),
        {"user_id": user_id},
    )
    return [_record(row) for row in rows]


def outline(session: Session, user_id: str, conversation_id: str) -> list[tuple[str, str | None]]:
    """Return id and parent of every message, oldest first: the tree without its texts."""
    rows = session.execute(
        select(Message.id, Message.parent_id)
        .where(Message.conversation_id == conversation_id, Message.user_id == user_id)
        .order_by(Message.created_at, Message.id)
    )
    return [(message_id, parent_id) for message_id, parent_id in rows]


def load(session: Session, user_id: str, message_ids: Sequence[str]) -> list[MessageRecord]:
    """Return these messages of the user in this order; those deleted meanwhile are left out."""
    rows = session.execute(_OF_USER.where(_ROW.id.in_(message_ids)), {"user_id": user_id})
    found = {row.id: _record(row) for row in rows}
    return [found[message_id] for message_id in message_ids if message_id in found]


def newest_id(session: Session, user_id: str, conversation_id: str) -> str | None:
    """Return the message added last, which is a leaf of the tree; None if there is none."""
    return session.scalar(_NEWEST_ID, {"conversation_id": conversation_id, "user_id": user_id})


def first_answer(session: Session, user_id: str, user_message_id: str) -> MessageRecord | None:
    """Return the oldest assistant message under a user message."""
    row = session.execute(
        _OF_USER.where(_ROW.parent_id == user_message_id, _ROW.role == "assistant")
        .order_by(_ROW.created_at, _ROW.id)
        .limit(1),
        {"user_id": user_id},
    ).one_or_none()
    return None if row is None else _record(row)


def history(
    session: Session, user_id: str, message_id: str | None, limit: int
) -> list[MessageRecord]:
    """Return up to `limit` finished messages with text, from `message_id` upwards, oldest first.

    Only the branch's own ancestors count, the message itself included.
    """
    if message_id is None or limit == 0:
        return []
    rows = session.execute(
        _HISTORY, {"message_id": message_id, "user_id": user_id, "most": limit}
    ).all()
    return [_record(row) for row in reversed(rows)]


def _history() -> Select[Any]:
    is_of_user = _ROW.user_id == bindparam("user_id")
    branch = (
        select(_ROW.id, _ROW.parent_id, literal(0).label("depth"))
        .where(_ROW.id == bindparam("message_id"), is_of_user)
        .cte("branch", recursive=True)
    )
    branch = branch.union_all(
        select(_ROW.id, _ROW.parent_id, branch.c.depth + 1)
        .join(branch, _ROW.id == branch.c.parent_id)
        .where(is_of_user)
    )
    return (
        select(_MESSAGES)
        .join(branch, _ROW.id == branch.c.id)
        .where(_ROW.status.in_(ENDED_WITH_TEXT), _ROW.content != "")
        .order_by(branch.c.depth)
        .limit(bindparam("most"))
    )


_HISTORY: Final = _history()


def models(session: Session, user_id: str) -> list[str]:
    """Return the models that answered the user, in the order of their names.

    Each is looked up in the index after the one before, however many messages there are.
    """
    found: list[str] = []
    after = ""
    while True:
        model = session.scalar(
            select(func.min(Message.model)).where(Message.user_id == user_id, Message.model > after)
        )
        if model is None:
            return found
        found.append(model)
        after = model


def list_streaming(session: Session, user_id: str) -> list[MessageRecord]:
    """Return the user's answers that are being written."""
    return [_record(row) for row in session.execute(_BEING_WRITTEN, {"user_id": user_id})]


def list_untouched(session: Session, since: datetime) -> list[MessageRecord]:
    """Return everybody's streaming answers that were not saved since then."""
    rows = session.execute(
        select(_MESSAGES).where(_ROW.status == STREAMING, _ROW.updated_at < since)
    )
    return [_record(row) for row in rows]


def request(session: Session, message_id: str, what: WriterRequest) -> None:
    """Ask the process that writes an answer to stop it, or to save its text now.

    Nothing happens if it has ended. A wish to stop is not replaced by one to save.
    """
    statement = update(Message).where(Message.id == message_id, Message.status == STREAMING)
    if what == SAVE:
        statement = statement.where(Message.writer_request.is_(None))
    session.execute(statement.values(writer_request=what))


def requests(session: Session, message_ids: Collection[str]) -> dict[str, str | None]:
    """Return what is asked of the writer, for each of these that are still streaming."""
    rows = session.execute(
        select(Message.id, Message.writer_request).where(
            Message.id.in_(message_ids), Message.status == STREAMING
        )
    )
    return {row.id: row.writer_request for row in rows}


def save_texts(session: Session, texts: Mapping[str, str]) -> None:
    """Save the text so far of streaming answers, by message id; ended ones are left alone.

    That fulfils a request to save.
    """
    if not texts:
        return
    now = utc_now()
    session.execute(
        _SAVE_TEXT,
        [
            {"message_id": message_id, "text": text, "now": now}
            for message_id, text in texts.items()
        ],
    )


def finish(
    session: Session,
    user_id: str,
    message_id: str,
    *,
    content: str,
    status: str,
    error: dict[str, Any] | None = None,
    citations: Sequence[dict[str, Any]] = (),
    memories: Sequence[dict[str, Any]] = (),
    no_answer: bool = False,
    memories_state: str | None = None,
    metering: Metering = NOT_METERED,
) -> MessageRecord:
    """End a streaming answer: its text, status, citations, memories and metering at once.

    One that failed is not remembered.

    Raises:
        NotFound: the message was deleted in the meantime.
        AlreadyEnded: somebody else ended it; its row is left as it is.
    """
    values: dict[str, Any] = {
        "content": content,
        "status": status,
        "error": error,
        "citations": list(citations),
        "memories": list(memories),
        "no_answer": no_answer,
        "memories_state": memories_state,
        "input_tokens": metering.input_tokens,
        "output_tokens": metering.output_tokens,
        "estimated_input_tokens": metering.estimated_input_tokens,
        "stop_reason": metering.stop_reason,
        "left_out": metering.left_out,
        "writer_request": None,
        "updated_at": utc_now(),
    }
    if status not in ENDED_WITH_TEXT:
        values["is_remembered"] = False
    # Whether it is still being written is decided by the step that ends it.
    found = session.execute(_FINISH, {"message_id": message_id, "owner_id": user_id, **values})
    row = found.one_or_none()
    if row is None:
        get(session, user_id, message_id)
        raise AlreadyEnded
    return _record(row)


def interrupt_streaming(session: Session, untouched_since: datetime | None = None) -> int:
    """Mark answers that nobody writes any more as interrupted and return how many.

    Args:
        untouched_since: only those not saved since then; None: all.
    """
    statement = update(Message).where(Message.status == STREAMING)
    if untouched_since is not None:
        statement = statement.where(Message.updated_at < untouched_since)
    interrupted = session.scalars(
        statement.values(status="interrupted", updated_at=utc_now()).returning(Message.id)
    ).all()
    return len(interrupted)


def erase_recalled(session: Session, user_id: str, message_ids: Collection[str]) -> None:
    """Take the words of forgotten or deleted messages out of what answers say they recalled."""
    gone = set(message_ids)
    mentions: ColumnElement[bool] = cast(Message.memories, Text) != "[]"
    if len(gone) == 1:
        mentions = cast(Message.memories, Text).contains(next(iter(gone)))
    if not gone:
        return
    for row in session.scalars(select(Message).where(Message.user_id == user_id, mentions)):
        if any(memory["message_id"] in gone for memory in row.memories):
            row.memories = [_erased(memory, gone) for memory in row.memories]
    session.flush()


def _erased(memory: dict[str, Any], gone: Collection[str]) -> dict[str, Any]:
    if memory["message_id"] not in gone:
        return memory
    return {**memory, "conversation_title": "", "quote": "", "forgotten": True}


def _record(row: Row[Any]) -> MessageRecord:
    return MessageRecord(
        id=row.id,
        conversation_id=row.conversation_id,
        user_id=row.user_id,
        parent_id=row.parent_id,
        role=row.role,
        content=row.content,
        status=row.status,
        model=row.model,
        client_id=row.client_id,
        error=row.error,
        citations=row.citations,
        memories=row.memories,
        no_answer=row.no_answer,
        memories_state=row.memories_state,
        memory_enabled=row.memory_enabled,
        is_remembered=row.is_remembered,
        metering=Metering(
            input_tokens=row.input_tokens,
            output_tokens=row.output_tokens,
            estimated_input_tokens=row.estimated_input_tokens,
            stop_reason=row.stop_reason,
            left_out=row.left_out,
        ),
        writer_request=row.writer_request,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
