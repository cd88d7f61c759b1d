"""Messages as stored, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from backend.clock import utc_now
from backend.db.models import User
from backend.db.repositories import conversations, messages
from backend.db.session import Database
from backend.errors import AlreadyEnded, NotFound


@pytest.fixture
def place(any_database: Database) -> tuple[Database, str, str]:
    """A database, a user's id and a conversation's id."""
    with any_database.db_transaction() as session:
        user = User(
            username="ann",
            username_key="ann",
            password_hash="x",
            role="user",
            created_at=utc_now(),
        )
        session.add(user)
        session.flush()
        made = conversations.create(session, user_id=user.id, memory_enabled=True)
        return any_database, user.id, made.id


def add(
    place: tuple[Database, str, str],
    parent_id: str | None,
    role: str,
    content: str,
    status: str = "complete",
    client_id: str | None = None,
) -> str:
    database, user_id, conversation_id = place
    with database.db_transaction() as session:
        return messages.add(
            session,
            user_id=user_id,
            conversation_id=conversation_id,
            parent_id=parent_id,
            role=role,
            content=content,
            status=status,
            client_id=client_id,
        ).id


def test_history_follows_the_branch_and_nothing_else(place: tuple[Database, str, str]) -> None:
    database, user_id, _ = place
    first = add(place, None, "user", "first")
    answer = add(place, first, "assistant", "answer")
    add(place, first, "assistant", "another answer")
    second = add(place, answer, "user", "second")
    add(place, answer, "user", "second, edited")
    with database.db_session() as session:
        texts = [m.content for m in messages.history(session, user_id, second, 10)]
        assert texts == ["first", "answer", "second"]
        newest_two = [m.content for m in messages.history(session, user_id, second, 2)]
        assert newest_two == ["answer", "second"]
        assert messages.history(session, user_id, second, 0) == []
        assert messages.history(session, "somebody", second, 10) == []
        assert messages.history(session, user_id, None, 10) == []


def test_history_leaves_out_failed_streaming_and_empty_messages(
    place: tuple[Database, str, str],
) -> None:
    database, user_id, _ = place
    last = None
    for content, status in (
        ("kept", "complete"),
        ("failed", "failed"),
        ("", "stopped"),
        ("stopped", "stopped"),
        ("interrupted", "interrupted"),
        ("streaming", "streaming"),
    ):
        last = add(place, last, "assistant", content, status)
    with database.db_session() as session:
        texts = [m.content for m in messages.history(session, user_id, last, 10)]
    assert texts == ["kept", "stopped", "interrupted"]


def test_a_client_id_is_taken_only_once(place: tuple[Database, str, str]) -> None:
    database, user_id, _ = place
    sent = add(place, None, "user", "?", client_id="c1")
    with database.db_session() as session:
        found = messages.find_by_client_id(session, user_id, "c1")
        assert found is not None
        assert found.id == sent
        assert messages.find_by_client_id(session, "somebody", "c1") is None
    with pytest.raises(IntegrityError):
        add(place, None, "user", "?", client_id="c1")


def test_texts_are_saved_only_while_streaming(place: tuple[Database, str, str]) -> None:
    database, user_id, _ = place
    running = add(place, None, "assistant", "", "streaming")
    ended = add(place, None, "assistant", "the end", "complete")
    with database.db_transaction() as session:
        messages.save_texts(session, {running: "so far", ended: "late"})
    with database.db_session() as session:
        assert messages.get(session, user_id, running).content == "so far"
        assert messages.get(session, user_id, ended).content == "the end"


def test_an_answer_ends_with_all_that_belongs_to_it(place: tuple[Database, str, str]) -> None:
    database, user_id, conversation_id = place
    question = add(place, None, "user", "?")
    answer = add(place, question, "assistant", "", "streaming")
    with database.db_session() as session:
        [running] = messages.list_streaming(session, user_id)
        assert running.id == answer
    with database.db_transaction() as session:
        finished = messages.finish(
            session,
            user_id,
            answer,
            content="text [1]",
            status="complete",
            citations=[{"n": 1}],
            memories=[{"message_id": question}],
        )
    with database.db_session() as session:
        assert messages.get(session, user_id, answer) == finished
        assert messages.list_streaming(session, user_id) == []
        assert messages.first_answer(session, user_id, question) == finished
        assert messages.newest_id(session, user_id, conversation_id) == answer
        listed = messages.list_for_conversation(session, user_id, conversation_id)
        assert [m.id for m in listed] == [question, answer]
    with database.db_transaction() as session, pytest.raises(NotFound):
        messages.finish(session, "somebody", answer, content="", status="complete")
    with database.db_transaction() as session, pytest.raises(AlreadyEnded):
        messages.finish(session, user_id, answer, content="", status="stopped")


def test_abandoned_answers_become_interrupted_and_keep_their_text(
    place: tuple[Database, str, str],
) -> None:
    database, user_id, _ = place
    answer = add(place, None, "assistant", "half", "streaming")
    add(place, None, "assistant", "whole", "complete")
    with database.db_transaction() as session:
        assert messages.interrupt_streaming(session, utc_now() - timedelta(minutes=1)) == 0
        assert messages.interrupt_streaming(session, utc_now() + timedelta(minutes=1)) == 1
        assert messages.interrupt_streaming(session) == 0
    with database.db_session() as session:
        found = messages.get(session, user_id, answer)
    assert (found.status, found.content) == ("interrupted", "half")
