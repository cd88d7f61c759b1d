"""Conversations as stored, on both databases."""

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from backend.clock import utc_now
from backend.db.models import Document, User
from backend.db.repositories import conversations, messages
from backend.db.repositories.conversations import ConversationRecord
from backend.db.session import Database
from backend.errors import InvalidRequest, NotFound


def add_user(database: Database, name: str = "ann") -> str:
    with database.db_transaction() as session:
        user = User(
            username=name, username_key=name, password_hash="x", role="user", created_at=utc_now()
        )
        session.add(user)
        session.flush()
        return user.id


def add_question(session: Session, conversation: ConversationRecord) -> None:
    messages.add(
        session,
        user_id=conversation.user_id,
        conversation_id=conversation.id,
        parent_id=None,
        role="user",
        content="?",
    )


def add_document(database: Database, user_id: str, *, deleted: bool = False) -> str:
    now = utc_now()
    with database.db_transaction() as session:
        row = Document(
            user_id=user_id,
            filename="a.pdf",
            media_type="application/pdf",
            size_bytes=1,
            sha256="0" * 64,
            status="ready",
            created_at=now,
            updated_at=now,
            deleted_at=now if deleted else None,
        )
        session.add(row)
        session.flush()
        return row.id


def test_a_new_conversation_is_read_back_as_it_was_made(any_database: Database) -> None:
    user_id = add_user(any_database)
    document_id = add_document(any_database, user_id)
    with any_database.db_transaction() as session:
        made = conversations.create(
            session, user_id=user_id, memory_enabled=True, document_ids=[document_id]
        )
    with any_database.db_session() as session:
        assert conversations.get(session, user_id, made.id) == made
    assert (made.title, made.title_source) == ("New conversation", "default")
    assert made.document_ids == (document_id,)


def test_messages_are_counted(any_database: Database) -> None:
    user_id = add_user(any_database)
    with any_database.db_transaction() as session:
        made = conversations.create(session, user_id=user_id, memory_enabled=True)
        for _ in range(3):
            add_question(session, made)
    with any_database.db_session() as session:
        assert conversations.get(session, user_id, made.id).message_count == 3
        [listed], _ = conversations.list_page(session, user_id, limit=5)
        assert listed.message_count == 3


def test_pages_follow_each_other_without_gap_or_repeat(any_database: Database) -> None:
    user_id = add_user(any_database)
    made = []
    for _ in range(5):
        with any_database.db_transaction() as session:
            made.append(conversations.create(session, user_id=user_id, memory_enabled=True).id)
    seen: list[str] = []
    cursor = None
    with any_database.db_session() as session:
        while True:
            page, cursor = conversations.list_page(session, user_id, limit=2, cursor=cursor)
            seen += [record.id for record in page]
            if cursor is None:
                break
    assert seen == made[::-1]


def test_the_conversation_used_last_comes_first(any_database: Database) -> None:
    user_id = add_user(any_database)
    with any_database.db_transaction() as session:
        old = conversations.create(session, user_id=user_id, memory_enabled=True)
        new = conversations.create(session, user_id=user_id, memory_enabled=True)
    with any_database.db_transaction() as session:
        conversations.touch(session, user_id, old.id)
    with any_database.db_session() as session:
        page, _ = conversations.list_page(session, user_id, limit=9)
    assert [record.id for record in page] == [old.id, new.id]


def test_a_use_gives_the_conversation_as_it_is_then(any_database: Database) -> None:
    user_id = add_user(any_database)
    with any_database.db_transaction() as session:
        other = conversations.create(session, user_id=user_id, memory_enabled=True)
        made = conversations.create(session, user_id=user_id, memory_enabled=True, title="Lamps")
        for conversation in (other, made, made):
            add_question(session, conversation)
        used = conversations.touch(session, user_id, made.id)
    assert used.updated_at > made.updated_at
    assert used == replace(made, message_count=2, updated_at=used.updated_at)
    with any_database.db_session() as session:
        assert conversations.get(session, user_id, made.id) == used


@pytest.mark.parametrize("cursor", ["", "nonsense", "2026-01-01~x", "9999~~"])
def test_a_made_up_cursor_is_refused(database: Database, cursor: str) -> None:
    with database.db_session() as session, pytest.raises(InvalidRequest):
        conversations.list_page(session, "u", limit=1, cursor=cursor)


def test_only_what_is_given_changes(any_database: Database) -> None:
    user_id = add_user(any_database)
    with any_database.db_transaction() as session:
        made = conversations.create(session, user_id=user_id, memory_enabled=True)
    with any_database.db_transaction() as session:
        renamed = conversations.change(session, user_id, made.id, title="Lamps")
    assert (renamed.title, renamed.title_source) == ("Lamps", "user")
    assert renamed.memory_enabled
    assert renamed.updated_at == made.updated_at
    with any_database.db_transaction() as session:
        changed = conversations.change(session, user_id, made.id, memory_enabled=False)
    assert not changed.memory_enabled
    assert changed.title == "Lamps"


def test_foreign_conversations_do_not_exist(any_database: Database) -> None:
    owner, other = add_user(any_database), add_user(any_database, "bob")
    with any_database.db_transaction() as session:
        made = conversations.create(session, user_id=owner, memory_enabled=True)
    for call in (
        conversations.get,
        conversations.lock,
        conversations.change,
        conversations.touch,
        conversations.remove,
    ):
        with any_database.db_transaction() as session, pytest.raises(NotFound):
            call(session, other, made.id)
    with any_database.db_session() as session:
        assert conversations.list_page(session, other, limit=5) == ([], None)
        assert conversations.get(session, owner, made.id) == made


def test_foreign_deleted_and_unknown_documents_cannot_be_chosen(any_database: Database) -> None:
    owner, other = add_user(any_database), add_user(any_database, "bob")
    with any_database.db_transaction() as session:
        made = conversations.create(session, user_id=owner, memory_enabled=True)
    for document_id in (
        add_document(any_database, other),
        add_document(any_database, owner, deleted=True),
        "unknown",
    ):
        with any_database.db_transaction() as session, pytest.raises(NotFound) as error:
            conversations.change(session, owner, made.id, document_ids=[document_id])
        assert error.value.details == {"document_ids": [document_id]}


def test_a_removed_conversation_takes_its_messages_along(any_database: Database) -> None:
    user_id = add_user(any_database)
    with any_database.db_transaction() as session:
        made = conversations.create(session, user_id=user_id, memory_enabled=True)
        message = messages.add(
            session, user_id=user_id, conversation_id=made.id, parent_id=None, role="user"
        )
    with any_database.db_transaction() as session:
        conversations.remove(session, user_id, made.id)
    with any_database.db_session() as session, pytest.raises(NotFound):
        messages.get(session, user_id, message.id)
