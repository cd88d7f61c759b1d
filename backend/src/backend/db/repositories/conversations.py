"""Rows of `conversations`, as records."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypedDict

from sqlalchemy import (
    ColumnElement,
    Row,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from backend.clock import as_utc, to_wire, utc_now
from backend.db.locks import locks_rows
from backend.db.models import Conversation, Message, table_of
from backend.db.repositories import (
    collections,
    documents,
    index_tasks,
    message_passages,
    messages,
)
from backend.errors import InvalidRequest, NotFound

DEFAULT_TITLE = "New conversation"

# Every question runs these: put together once, on the tables.
_ROW: Final = table_of(Conversation).c
_MESSAGE: Final = table_of(Message).c
_OF_USER: Final = select(
    table_of(Conversation),
    select(func.count(_MESSAGE.id))
    .where(_MESSAGE.conversation_id == _ROW.id)
    .correlate(table_of(Conversation))
    .scalar_subquery()
    .label("message_count"),
).where(_ROW.user_id == bindparam("user_id"))
_BY_ID: Final = _OF_USER.where(_ROW.id == bindparam("conversation_id"))
_TOUCH: Final = (
    update(table_of(Conversation))
    .where(_ROW.id == bindparam("conversation_id"), _ROW.user_id == bindparam("owner_id"))
    .values(updated_at=bindparam("now"))
    .returning(
        *_ROW,
        # Not `== _ROW.id`: columns lose their table here, and messages have an `id`, too.
        select(func.count(_MESSAGE.id))
        .where(_MESSAGE.conversation_id == bindparam("conversation_id"))
        .scalar_subquery()
        .label("message_count"),
    )
)


class AskingChange(TypedDict, total=False):
    """How a conversation asks its model. What is missing stays; None: the default again."""

    system_prompt: str | None
    temperature: float | None
    max_answer_tokens: int | None


@dataclass(frozen=True, slots=True)
class ConversationRecord:
    """A conversation. No `document_ids` and no `collection_ids`: all documents are asked.

    Either may name what was deleted since; that stands for no document. `system_prompt` None
    stands for the user's own, "" for none; `temperature` (0 to 2) and `max_answer_tokens` None
    leave it to the provider.
    """

    id: str
    user_id: str
    title: str
    title_source: str  # default, question, model, user
    memory_enabled: bool
    document_ids: tuple[str, ...]
    collection_ids: tuple[str, ...]
    message_count: int
    created_at: datetime
    updated_at: datetime
    system_prompt: str | None = None
    temperature: float | None = None
    max_answer_tokens: int | None = None


def create(
    session: Session,
    *,
    user_id: str,
    memory_enabled: bool,
    title: str | None = None,
    document_ids: Sequence[str] = (),
    collection_ids: Sequence[str] = (),
    asking: AskingChange | None = None,
) -> ConversationRecord:
    """Add a conversation; without a title it is named after its first question later.

    Raises:
        NotFound: a document or a collection does not exist or is not the user's.
    """
    _require_documents(session, user_id, document_ids)
    _require_collections(session, user_id, collection_ids)
    now = utc_now()
    row = Conversation(
        user_id=user_id,
        title=title or DEFAULT_TITLE,
        title_source="user" if title else "default",
        memory_enabled=memory_enabled,
        document_ids=list(document_ids),
        collection_ids=list(collection_ids),
        created_at=now,
        updated_at=now,
        **(asking or {}),
    )
    session.add(row)
    session.flush()
    return get(session, user_id, row.id)


def get(session: Session, user_id: str, conversation_id: str) -> ConversationRecord:
    """Return the user's conversation.

    Raises:
        NotFound: it does not exist or is not the user's.
    """
    found = session.execute(_BY_ID, {"user_id": user_id, "conversation_id": conversation_id})
    row = found.one_or_none()
    if row is None:
        raise NotFound
    return _record(row)


def lock(session: Session, user_id: str, conversation_id: str) -> ConversationRecord:
    """As `get`, and keep other transactions from locking it until this one ends.

    On SQLite a write transaction is alone anyway.
    """
    if locks_rows(session):
        session.execute(
            select(Conversation.id)
            .where(Conversation.id == conversation_id, Conversation.user_id == user_id)
            .with_for_update()
        )
    return get(session, user_id, conversation_id)


def list_page(
    session: Session, user_id: str, *, limit: int, cursor: str | None = None
) -> tuple[list[ConversationRecord], str | None]:
    """Return up to `limit` conversations, last used first, and the next page's cursor.

    Raises:
        InvalidRequest: `cursor` did not come from here.
    """
    query = _OF_USER if cursor is None else _OF_USER.where(_after(cursor))
    rows = session.execute(
        query.order_by(_ROW.updated_at.desc(), _ROW.id.desc()).limit(limit + 1),
        {"user_id": user_id},
    ).all()
    records = [_record(row) for row in rows[:limit]]
    if len(rows) <= limit:
        return records, None
    return records, f"{to_wire(records[-1].updated_at)}~{records[-1].id}"


def change(
    session: Session,
    user_id: str,
    conversation_id: str,
    *,
    title: str | None = None,
    title_source: str = "user",
    memory_enabled: bool | None = None,
    document_ids: Sequence[str] | None = None,
    collection_ids: Sequence[str] | None = None,
    asking: AskingChange | None = None,
) -> ConversationRecord:
    """Set what is not None and return the result; `updated_at` stays (it orders by last use).

    What `asking` names is set also to None.

    Raises:
        NotFound: the conversation, a document or a collection does not exist or is not
            the user's.
    """
    row = _row(session, user_id, conversation_id)
    if title is not None:
        row.title, row.title_source = title, title_source
    if memory_enabled is not None and memory_enabled != row.memory_enabled:
        row.memory_enabled = memory_enabled
        message_passages.index_again(session, user_id, [conversation_id])
    if document_ids is not None:
        _require_documents(session, user_id, document_ids)
        row.document_ids = list(document_ids)
    if collection_ids is not None:
        _require_collections(session, user_id, set(collection_ids).difference(row.collection_ids))
        row.collection_ids = list(collection_ids)
    for name, value in (asking or {}).items():
        setattr(row, name, value)
    session.flush()
    return get(session, user_id, conversation_id)


def ask_also(
    session: Session, user_id: str, document_id: str, new_document_id: str, *, instead: bool
) -> None:
    """Let conversations that ask a document ask a new version of it too, or `instead`."""
    mentions = cast(Conversation.document_ids, Text).contains(document_id)
    for row in session.scalars(
        select(Conversation).where(Conversation.user_id == user_id, mentions)
    ):
        kept = [id_ for id_ in row.document_ids if not (instead and id_ == document_id)]
        row.document_ids = list(dict.fromkeys([*kept, new_document_id]))
    session.flush()


def touch(session: Session, user_id: str, conversation_id: str) -> ConversationRecord:
    """Note that the conversation was used now and return it as it is then.

    Raises:
        NotFound: it does not exist or is not the user's.
    """
    found = session.execute(
        _TOUCH, {"conversation_id": conversation_id, "owner_id": user_id, "now": utc_now()}
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound
    return _record(row)


def remove(session: Session, user_id: str, conversation_id: str) -> None:
    """Delete a conversation with its messages, and what answers elsewhere recalled of them.

    Raises:
        NotFound: it does not exist or is not the user's.
    """
    said = session.scalars(
        select(Message.id).where(
            Message.conversation_id == conversation_id, Message.user_id == user_id
        )
    ).all()
    deleted = session.execute(
        delete(Conversation)
        .where(Conversation.id == conversation_id, Conversation.user_id == user_id)
        .returning(Conversation.id)
    ).scalar_one_or_none()
    if deleted is None:
        raise NotFound
    messages.erase_recalled(session, user_id, said)
    index_tasks.add_delete(session, user_id, conversation_id, subject=index_tasks.MESSAGES)


def _after(cursor: str) -> ColumnElement[bool]:
    moment_text, _, conversation_id = cursor.partition("~")
    try:
        moment = as_utc(datetime.fromisoformat(moment_text))
    except ValueError:
        raise InvalidRequest("This cursor is not valid. Start again without it.") from None
    return or_(
        _ROW.updated_at < moment,
        and_(_ROW.updated_at == moment, _ROW.id < conversation_id),
    )


def _row(session: Session, user_id: str, conversation_id: str) -> Conversation:
    row = session.execute(
        select(Conversation).where(
            Conversation.id == conversation_id, Conversation.user_id == user_id
        )
    ).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row


def _require_documents(session: Session, user_id: str, document_ids: Sequence[str]) -> None:
    wanted = set(document_ids)
    missing = sorted(wanted - documents.existing_ids(session, user_id, wanted)) if wanted else []
    if missing:
        raise NotFound(
            "A chosen document does not exist any more. Choose the documents again.",
            details={"document_ids": missing},
        )


def _require_collections(session: Session, user_id: str, collection_ids: Iterable[str]) -> None:
    wanted = set(collection_ids)
    missing = sorted(wanted - collections.existing_ids(session, user_id, wanted)) if wanted else []
    if missing:
        raise NotFound(
            "A chosen collection does not exist any more. Choose the collections again.",
            details={"collection_ids": missing},
        )


def _record(row: Row[Any]) -> ConversationRecord:
    return ConversationRecord(
        id=row.id,
        user_id=row.user_id,
        title=row.title,
        title_source=row.title_source,
        memory_enabled=row.memory_enabled,
        document_ids=tuple(row.document_ids),
        collection_ids=tuple(row.collection_ids),
        message_count=row.message_count,
        created_at=row.created_at,
        updated_at=row.updated_at,
        system_prompt=row.system_prompt,
        temperature=row.temperature,
        max_answer_tokens=row.max_answer_tokens,
    )
