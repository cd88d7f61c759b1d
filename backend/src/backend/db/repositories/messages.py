"""Rows of `messages`, as records. They form a tree: `parent_id` is the message before."""

import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    Text,
    bindparam,
    cast,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.orm import Session, aliased

from backend.clock import utc_now
from backend.db.models import Message
from backend.errors import AlreadyEnded, NotFound

STREAMING = "streaming"
ENDED_WITH_TEXT = ("complete", "stopped", "interrupted")

# What other server processes ask of the one that writes an answer.
WriterRequest = Literal["stop", "save"]
STOP: Final = "stop"
SAVE: Final = "save"

_SAVE_TEXT: Final = (
    update(Message.__table__)  # type: ignore[arg-type] # declared as any FromClause
    .where(Message.id == bindparam("message_id"), Message.status == STREAMING)
    .values(
        content=bindparam("text"),
        updated_at=bindparam("now"),
        writer_request=func.nullif(Message.writer_request, SAVE),
    )
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
    row = Message(
        conversation_id=conversation_id,
        user_id=user_id,
        parent_id=parent_id,
        role=role,
        content=content,
        status=status,
        model=model,
        client_id=client_id,
        error=None,
        citations=[],
        memories=[],
        memory_enabled=memory_enabled,
        is_remembered=is_remembered and memory_enabled is not False,
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    session.flush()
    return _record(row)


def get(session: Session, user_id: str, message_id: str) -> MessageRecord:
    """Return the user's message.

    Raises:
        NotFound: it does not exist or is not the user's.
    """
    row = session.scalars(
        select(Message).where(Message.id == message_id, Message.user_id == user_id)
    ).one_or_none()
    if row is None:
        raise NotFound
    return _record(row)


def find_by_client_id(session: Session, user_id: str, client_id: str) -> MessageRecord | None:
    """Return the message that the client sent under its own id, if it arrived before."""
    row = session.scalars(
        select(Message).where(Message.user_id == user_id, Message.client_id == client_id)
    ).one_or_none()
    return None if row is None else _record(row)


def list_for_conversation(
    session: Session, user_id: str, conversation_id: str
) -> list[MessageRecord]:
    """Return every message of every branch, oldest first."""
    rows = session.scalars(
        select(Message)
        .where(Message.conversation_id == conversation_id, Message.user_id == user_id)
        .order_by(Message.created_at, Message.id)
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
    rows = session.scalars(
        select(Message).where(Message.id.in_(message_ids), Message.user_id == user_id)
    )
    found = {row.id: _record(row) for row in rows}
    return [found[message_id] for message_id in message_ids if message_id in found]


def newest(session: Session, user_id: str, conversation_id: str) -> MessageRecord | None:
    """Return the message added last, which is a leaf of the tree; None if there is none."""
    row = session.scalars(
        select(Message)
        .where(Message.conversation_id == conversation_id, Message.user_id == user_id)
        .order_by(Message.created_at.desc(), Message.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else _record(row)


def first_answer(session: Session, user_id: str, user_message_id: str) -> MessageRecord | None:
    """Return the oldest assistant message under a user message."""
    row = session.scalars(
        select(Message)
        .where(
            Message.parent_id == user_message_id,
            Message.user_id == user_id,
            Message.role == "assistant",
        )
        .order_by(Message.created_at, Message.id)
        .limit(1)
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
    rows = session.scalars(
        _history(), {"message_id": message_id, "user_id": user_id, "most": limit}
    ).all()
    return [_record(row) for row in reversed(rows)]


@functools.cache  # SQLAlchemy takes longer to put it together than a database to answer it
def _history() -> Select[Message]:
    user_id: BindParameter[str] = bindparam("user_id")
    branch = (
        select(Message.id, Message.parent_id, literal(0).label("depth"))
        .where(Message.id == bindparam("message_id"), Message.user_id == user_id)
        .cte("branch", recursive=True)
    )
    above = aliased(Message)
    branch = branch.union_all(
        select(above.id, above.parent_id, branch.c.depth + 1)
        .join(branch, above.id == branch.c.parent_id)
        .where(above.user_id == user_id)
    )
    return (
        select(Message)
        .join(branch, Message.id == branch.c.id)
        .where(Message.status.in_(ENDED_WITH_TEXT), Message.content != "")
        .order_by(branch.c.depth)
        .limit(bindparam("most"))
    )


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
    rows = session.scalars(
        select(Message).where(Message.user_id == user_id, Message.status == STREAMING)
    )
    return [_record(row) for row in rows]


def list_untouched(session: Session, since: datetime) -> list[MessageRecord]:
    """Return everybody's streaming answers that were not saved since then."""
    rows = session.scalars(
        select(Message).where(Message.status == STREAMING, Message.updated_at < since)
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
    # One prepared statement on the table: the ORM would take ten times as long for hundreds.
    session.connection().execute(
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
    row = session.scalars(
        select(Message)
        .where(Message.id == message_id, Message.user_id == user_id)
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound
    if row.status != STREAMING:
        raise AlreadyEnded
    row.content, row.status, row.error = content, status, error
    row.citations, row.memories = list(citations), list(memories)
    row.no_answer = no_answer
    row.memories_state = memories_state
    if status not in ENDED_WITH_TEXT:
        row.is_remembered = False
    row.input_tokens, row.output_tokens = metering.input_tokens, metering.output_tokens
    row.estimated_input_tokens = metering.estimated_input_tokens
    row.stop_reason, row.left_out = metering.stop_reason, metering.left_out
    row.writer_request = None
    row.updated_at = utc_now()
    session.flush()
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


def _record(row: Message) -> MessageRecord:
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
