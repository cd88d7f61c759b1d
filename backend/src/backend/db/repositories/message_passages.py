"""What was said, cut for search: passages of messages, and their vectors.

Vectors are stored as packed by `store.vectors`; here they are bytes.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    and_,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Session, aliased

from backend.clock import utc_now
from backend.db.message_models import MessagePassage, MessageVector
from backend.db.models import Conversation, Message
from backend.db.repositories import index_tasks
from backend.db.repositories.index_tasks import MESSAGES
from backend.db.repositories.messages import STREAMING
from backend.db.types import new_id

Span = Sequence[int]


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
    return and_(Message.is_remembered, Conversation.memory_enabled)


def load_unsplit(session: Session, limit: int) -> list[UnsplitMessage]:
    """Return ended messages without passages, the newest first."""
    rows = session.execute(
        select(Message.id, Message.conversation_id, Message.user_id, Message.content)
        .where(Message.split_at.is_(None), Message.status != STREAMING)
        .order_by(Message.id.desc())
        .limit(limit)
    )
    return [UnsplitMessage(*row) for row in rows]


def save_split(session: Session, message: UnsplitMessage, passages: Sequence[NewPassage]) -> None:
    """Store a message's passages and ask for them to be put into the index.

    Nothing happens for a message that is gone or was split meanwhile.
    """
    # On PostgreSQL two messages of a conversation must not get the same ordinals.
    session.execute(
        select(Conversation.id).where(Conversation.id == message.conversation_id).with_for_update()
    )
    marked = session.execute(
        update(Message)
        .where(Message.id == message.id, Message.split_at.is_(None))
        .values(split_at=utc_now())
        .returning(Message.id)
    ).all()
    if not marked or not passages:
        return
    first = _last_ordinal(session, message.conversation_id) + 1
    session.execute(
        insert(MessagePassage),
        [
            {
                "id": new_id(),
                "message_id": message.id,
                "conversation_id": message.conversation_id,
                "user_id": message.user_id,
                "ordinal": ordinal,
                "start": passage.start,
                "end": passage.end,
                "sentences": passage.sentences,
            }
            for ordinal, passage in enumerate(passages, start=first)
        ],
    )
    index_tasks.add_upsert(
        session,
        message.user_id,
        message.conversation_id,
        first,
        first + len(passages) - 1,
        subject=MESSAGES,
    )


def index_again(session: Session, user_id: str, conversation_ids: Collection[str]) -> None:
    """Ask for everything said in these conversations to be put into the index anew."""
    for conversation_id in conversation_ids:
        last = _last_ordinal(session, conversation_id)
        if last >= 0:
            index_tasks.add_upsert(session, user_id, conversation_id, 0, last, subject=MESSAGES)


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
    for row in rows:
        index_tasks.add_upsert(session, *row, subject=MESSAGES)
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
    session.flush()  # tasks are carried out in the order of their ids
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
        MessagePassage.conversation_id == conversation_id,
        MessagePassage.ordinal.between(first_ordinal, last_ordinal),
        model=model,
    )


def load(session: Session, user_id: str, passage_ids: Collection[str]) -> list[PassageRecord]:
    """Return those of `passage_ids` that are the user's, in any order."""
    found = _load(
        session, MessagePassage.user_id == user_id, MessagePassage.id.in_(passage_ids), model=""
    )
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
    found = _load(session, MessagePassage.message_id.in_(ids), model="")
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
    found = _load(session, MessagePassage.id.in_(ids), model="")
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


def _load(
    session: Session, *conditions: ColumnElement[bool], model: str
) -> list[tuple[PassageRecord, bytes | None]]:
    earlier = aliased(Message)
    rows = session.execute(
        select(
            MessagePassage,
            Conversation.title,
            Message.role,
            Message.model,
            Message.content,
            Message.created_at,
            is_recallable(),
            earlier.content,
            MessageVector.vector,
        )
        .join(Message, Message.id == MessagePassage.message_id)
        .join(Conversation, Conversation.id == MessagePassage.conversation_id)
        .outerjoin(earlier, earlier.id == Message.parent_id)
        .outerjoin(
            MessageVector,
            and_(
                MessageVector.passage_id == MessagePassage.id,
                MessageVector.embedding_model == model,
            ),
        )
        .where(*conditions)
        .order_by(MessagePassage.conversation_id, MessagePassage.ordinal)
    )
    return [
        (
            PassageRecord(
                id=row.id,
                message_id=row.message_id,
                conversation_id=row.conversation_id,
                conversation_title=title,
                user_id=row.user_id,
                ordinal=row.ordinal,
                role=role,
                model=said_by,
                start=row.start,
                end=row.end,
                text=content[row.start : row.end],
                before=content[: row.start] or parent or "",
                sentences=row.sentences,
                said_at=said_at,
                is_recallable=recallable,
            ),
            vector,
        )
        for row, title, role, said_by, content, said_at, recallable, parent, vector in rows
    ]


def _last_ordinal(session: Session, conversation_id: str) -> int:
    """Return -1 if nothing was said there."""
    last = session.scalar(
        select(func.max(MessagePassage.ordinal)).where(
            MessagePassage.conversation_id == conversation_id
        )
    )
    return -1 if last is None else last


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
