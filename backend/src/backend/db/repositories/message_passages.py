"""What was said, cut for search: passages of messages, and their vectors.

Vectors are stored as packed by `store.vectors`; here they are bytes. What each message takes is
put together once, on the tables.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Session

from backend.clock import utc_now
from backend.db.locks import locks_rows
from backend.db.message_models import MessagePassage, MessageVector
from backend.db.models import Conversation, Message, table_of
from backend.db.repositories import index_tasks
from backend.db.repositories.index_tasks import MESSAGES
from backend.db.repositories.messages import STREAMING
from backend.db.types import new_id

Span = Sequence[int]

_PASSAGE: Final = table_of(MessagePassage).c
_MESSAGE: Final = table_of(Message).c
_CONVERSATION: Final = table_of(Conversation).c

_UNSPLIT: Final = (
    select(_MESSAGE.id, _MESSAGE.conversation_id, _MESSAGE.user_id, _MESSAGE.content)
    .where(_MESSAGE.split_at.is_(None), _MESSAGE.status != STREAMING)
    .order_by(_MESSAGE.id.desc())
    .limit(bindparam("most"))
)
_MARK_SPLIT: Final = (
    update(table_of(Message))
    .where(_MESSAGE.id.in_(bindparam("message_ids", expanding=True)), _MESSAGE.split_at.is_(None))
    .values(split_at=bindparam("now"))
    .returning(_MESSAGE.id)
)
_LAST_ORDINALS: Final = (
    select(_PASSAGE.conversation_id, func.max(_PASSAGE.ordinal))
    .where(_PASSAGE.conversation_id.in_(bindparam("conversation_ids", expanding=True)))
    .group_by(_PASSAGE.conversation_id)
)


@dataclass(frozen=True, slots=True)
class UnsplitMessage:
    """An ended message whose passages are still to be made."""

    id: str
    conversation_id: str
    user_id: str
    content: str


@dataclass(frozen=True, slots=True)
class NewPassage:
    """A part of a message: code points `start` to `end`; `sentences` lie within the part."""

    start: int
    end: int
    sentences: Sequence[Span]


@dataclass(frozen=True, slots=True)
class PassageRecord:
    """A passage with what the index, the embedding and an answer need of its message.

    `before` is what was said just before it: the rest of the message up to there, or the
    message that it follows. `is_recallable`: other conversations may be told of it.
    """

    id: str
    message_id: str
    conversation_id: str
    conversation_title: str
    user_id: str
    ordinal: int
    role: str
    model: str | None
    start: int
    end: int
    text: str
    before: str
    sentences: Sequence[Span]
    said_at: datetime
    is_recallable: bool


def is_recallable() -> ColumnElement[bool]:
    """Return the condition on `Message` and `Conversation` that others may be told of it."""
    return and_(_MESSAGE.is_remembered, _CONVERSATION.memory_enabled)


def load_unsplit(session: Session, limit: int) -> list[UnsplitMessage]:
    """Return ended messages without passages, the newest first."""
    return [UnsplitMessage(*row) for row in session.execute(_UNSPLIT, {"most": limit})]


def save_split(
    session: Session, split: Sequence[tuple[UnsplitMessage, Sequence[NewPassage]]]
) -> None:
    """Store the passages of messages, the oldest first, and ask for them to be put into the index.

    Nothing happens for a message that is gone or was split meanwhile.
    """
    if locks_rows(session):
        # Two messages of a conversation must not get the same ordinals.
        ids = {message.conversation_id for message, _passages in split}
        session.execute(
            select(_CONVERSATION.id)
            .where(_CONVERSATION.id.in_(ids))
            .order_by(_CONVERSATION.id)
            .with_for_update()
        )
    message_ids = [message.id for message, _passages in split]
    marked = set(session.scalars(_MARK_SPLIT, {"message_ids": message_ids, "now": utc_now()}))
    to_store = [(message, cut) for message, cut in split if message.id in marked and cut]
    conversations = {message.conversation_id: message.user_id for message, _cut in to_store}
    first = {id_: last + 1 for id_, last in _last_ordinals(session, conversations).items()}
    following = dict(first)
    rows = []
    for message, cut in to_store:
        for passage in cut:
            rows.append(_new_row(message, passage, following[message.conversation_id]))
            following[message.conversation_id] += 1
    if not rows:
        return
    session.execute(insert(table_of(MessagePassage)), rows)
    index_tasks.add_upserts(
        session,
        (
            (user_id, conversation_id, first[conversation_id], following[conversation_id] - 1)
            for conversation_id, user_id in conversations.items()
        ),
        subject=MESSAGES,
    )


def _new_row(message: UnsplitMessage, passage: NewPassage, ordinal: int) -> dict[str, Any]:
    return {
        "id": new_id(),
        "message_id": message.id,
        "conversation_id": message.conversation_id,
        "user_id": message.user_id,
        "ordinal": ordinal,
        "start": passage.start,
        "end": passage.end,
        "sentences": passage.sentences,
    }


def index_again(session: Session, user_id: str, conversation_ids: Collection[str]) -> None:
    """Ask for everything said in these conversations to be put into the index anew."""
    last_ordinals = _last_ordinals(session, conversation_ids)
    index_tasks.add_upserts(
        session,
        ((user_id, id_, 0, last) for id_, last in last_ordinals.items() if last >= 0),
        subject=MESSAGES,
    )


def enqueue_all(session: Session) -> int:
    """Ask for all passages to be put into the index; return of how many conversations."""
    rows = session.execute(
        select(
            MessagePassage.user_id,
            MessagePassage.conversation_id,
            func.min(MessagePassage.ordinal),
            func.max(MessagePassage.ordinal),
        ).group_by(MessagePassage.user_id, MessagePassage.conversation_id)
    ).all()
    index_tasks.add_upserts(session, rows, subject=MESSAGES)
    return len(rows)


def indexed(session: Session, model: str) -> dict[str, tuple[int, int]]:
    """Return of each conversation how many passages the index should have, and how many of
    them with a vector of `model`."""
    rows = session.execute(
        select(
            MessagePassage.conversation_id,
            func.count(MessagePassage.id),
            func.count(MessageVector.passage_id),
        )
        .outerjoin(
            MessageVector,
            and_(
                MessageVector.passage_id == MessagePassage.id,
                MessageVector.embedding_model == model,
            ),
        )
        .group_by(MessagePassage.conversation_id)
    )
    return {conversation_id: (count, vectors) for conversation_id, count, vectors in rows}


def repair(session: Session, conversation_id: str) -> None:
    """Ask for a conversation's points to be removed and, if it is there, put in again."""
    user_id = session.scalar(select(Conversation.user_id).where(Conversation.id == conversation_id))
    index_tasks.add_delete(session, user_id or "", conversation_id, subject=MESSAGES)
    if user_id is not None:
        index_again(session, user_id, [conversation_id])


def extents(session: Session, after_conversation_id: str, limit: int) -> list[tuple[str, int]]:
    """Return the next conversations with passages, by id, with the last passage's ordinal."""
    rows = session.execute(
        select(MessagePassage.conversation_id, func.max(MessagePassage.ordinal))
        .where(MessagePassage.conversation_id > after_conversation_id)
        .group_by(MessagePassage.conversation_id)
        .order_by(MessagePassage.conversation_id)
        .limit(limit)
    )
    return [(conversation_id, last_ordinal) for conversation_id, last_ordinal in rows]


def load_points(
    session: Session, conversation_id: str, first_ordinal: int, last_ordinal: int, model: str
) -> list[tuple[PassageRecord, bytes | None]]:
    """Return passages by their ordinals, both ends included, each with its vector of `model`."""
    return _load(
        session,
        _POINTS,
        {"conversation_id": conversation_id, "first": first_ordinal, "last": last_ordinal},
        model,
    )


def load(session: Session, user_id: str, passage_ids: Collection[str]) -> list[PassageRecord]:
    """Return those of `passage_ids` that are the user's, in any order."""
    found = _load(session, _OF_USER, {"user_id": user_id, "passage_ids": list(passage_ids)})
    return [record for record, _vector in found]


def newest_containing(
    session: Session, user_id: str, fragment: str, *, among: int, limit: int
) -> list[PassageRecord]:
    """Return passages of the newest messages that contain `fragment`, whatever its case.

    Only the `among` newest messages are looked through.
    """
    oldest = session.scalar(
        select(Message.id)
        .where(Message.user_id == user_id)
        .order_by(Message.id.desc())
        .offset(among - 1)
        .limit(1)
    )
    ids = session.scalars(
        select(Message.id)
        .where(
            Message.user_id == user_id,
            Message.id >= (oldest or ""),
            Message.content.icontains(fragment, autoescape=True),
        )
        .order_by(Message.id.desc())
        .limit(limit)
    ).all()
    found = _load(session, _PASSAGES.where(_PASSAGE.message_id.in_(ids)))
    wanted = fragment.casefold()
    return [record for record, _vector in found if wanted in record.text.casefold()]


def load_unembedded(session: Session, model: str, limit: int) -> list[PassageRecord]:
    """Return passages without a vector of `model`, the newest first."""
    ids = session.scalars(
        select(MessagePassage.id)
        .where(~_is_embedded_by(model))
        .order_by(MessagePassage.id.desc())
        .limit(limit)
    ).all()
    found = _load(session, _PASSAGES.where(_PASSAGE.id.in_(ids)))
    return [record for record, _vector in found]


def is_complete(session: Session, model: str) -> bool:
    """Return whether every ended message is split and every passage has a vector of `model`."""
    if load_unsplit(session, 1):
        return False
    lacking = select(MessagePassage.id).where(~_is_embedded_by(model)).limit(1)
    return session.execute(lacking).first() is None


def save_vectors(
    session: Session, model: str, vectors: Sequence[tuple[PassageRecord, bytes]], operation: str
) -> None:
    """Store vectors and ask for them to be put into the index, but only those of passages that
    are still there."""
    there = set(
        session.scalars(
            select(MessagePassage.id)
            .where(MessagePassage.id.in_([passage.id for passage, _ in vectors]))
            .where(~_is_embedded_by(model))
        )
    )
    rows = [
        {"passage_id": passage.id, "embedding_model": model, "vector": vector}
        for passage, vector in vectors
        if passage.id in there
    ]
    if not rows:
        return
    session.execute(insert(MessageVector), rows)
    ranges: dict[tuple[str, str], list[int]] = {}
    for passage, _vector in vectors:
        if passage.id in there:
            key = (passage.user_id, passage.conversation_id)
            ranges.setdefault(key, []).append(passage.ordinal)
    for (user_id, conversation_id), ordinals in ranges.items():
        for first, last in _runs(ordinals):
            index_tasks.add_upsert(
                session, user_id, conversation_id, first, last, operation, subject=MESSAGES
            )


def remove_vectors(session: Session, model: str, limit: int) -> int:
    """Remove up to `limit` vectors of a model; return how many."""
    ids = session.scalars(
        select(MessageVector.passage_id).where(MessageVector.embedding_model == model).limit(limit)
    ).all()
    if ids:
        session.execute(
            delete(MessageVector).where(
                MessageVector.passage_id.in_(ids), MessageVector.embedding_model == model
            )
        )
    return len(ids)


def _passages() -> Select[Any]:
    vector = table_of(MessageVector).c
    earlier = table_of(Message).alias("earlier")
    is_of_model = vector.embedding_model == bindparam("model")
    return (
        select(
            table_of(MessagePassage),
            _CONVERSATION.title,
            _MESSAGE.role,
            _MESSAGE.model.label("said_by"),
            _MESSAGE.content,
            _MESSAGE.created_at,
            is_recallable().label("is_recallable"),
            earlier.c.content.label("parent"),
            vector.vector,
        )
        .join(table_of(Message), _MESSAGE.id == _PASSAGE.message_id)
        .join(table_of(Conversation), _CONVERSATION.id == _PASSAGE.conversation_id)
        .outerjoin(earlier, earlier.c.id == _MESSAGE.parent_id)
        .outerjoin(table_of(MessageVector), and_(vector.passage_id == _PASSAGE.id, is_of_model))
        .order_by(_PASSAGE.conversation_id, _PASSAGE.ordinal)
    )


_PASSAGES: Final = _passages()
_POINTS: Final = _PASSAGES.where(
    _PASSAGE.conversation_id == bindparam("conversation_id"),
    _PASSAGE.ordinal.between(bindparam("first"), bindparam("last")),
)
_OF_USER: Final = _PASSAGES.where(
    _PASSAGE.user_id == bindparam("user_id"),
    _PASSAGE.id.in_(bindparam("passage_ids", expanding=True)),
)


def _load(
    session: Session,
    query: Select[Any],
    parameters: Mapping[str, Any] | None = None,
    model: str = "",
) -> list[tuple[PassageRecord, bytes | None]]:
    rows = session.execute(query, {"model": model, **(parameters or {})})
    return [
        (
            PassageRecord(
                id=row.id,
                message_id=row.message_id,
                conversation_id=row.conversation_id,
                conversation_title=row.title,
                user_id=row.user_id,
                ordinal=row.ordinal,
                role=row.role,
                model=row.said_by,
                start=row.start,
                end=row.end,
                text=row.content[row.start : row.end],
                before=row.content[: row.start] or row.parent or "",
                sentences=row.sentences,
                said_at=row.created_at,
                is_recallable=row.is_recallable,
            ),
            row.vector,
        )
        for row in rows
    ]


def _last_ordinals(session: Session, conversation_ids: Collection[str]) -> dict[str, int]:
    """Return -1 for those in which nothing was said."""
    found = session.execute(_LAST_ORDINALS, {"conversation_ids": list(conversation_ids)})
    return dict.fromkeys(conversation_ids, -1) | dict(found.all())


def _is_embedded_by(model: str) -> ColumnElement[bool]:
    return exists().where(
        MessageVector.passage_id == MessagePassage.id, MessageVector.embedding_model == model
    )


def _runs(ordinals: Collection[int]) -> list[tuple[int, int]]:
    """Return the ordinals as ranges without gaps, both ends included."""
    runs: list[tuple[int, int]] = []
    for ordinal in sorted(ordinals):
        if runs and ordinal == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], ordinal)
        else:
            runs.append((ordinal, ordinal))
    return runs
