"""Preferences, prompt templates, usage, and how a conversation asks its model."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from test_vectors_migration import go_back

from backend.clock import utc_now
from backend.db.migrate import upgrade
from backend.db.repositories import (
    conversations,
    messages,
    preferences,
    prompt_templates,
    usage,
)
from backend.db.repositories.messages import NOT_METERED, MessageRecord, Metering
from backend.db.repositories.usage import ModelUsage
from backend.db.session import Database
from backend.errors import Conflict, NotFound
from chat_house import add_conversation, add_user


def add_answer(
    database: Database,
    user_id: str,
    conversation_id: str,
    model: str,
    metering: Metering = NOT_METERED,
    status: str = "complete",
) -> MessageRecord:
    with database.db_transaction() as session:
        message = messages.add(
            session,
            user_id=user_id,
            conversation_id=conversation_id,
            parent_id=None,
            role="assistant",
            status="streaming",
            model=model,
        )
        if status == "streaming":
            return message
        return messages.finish(
            session, user_id, message.id, content="Yes.", status=status, metering=metering
        )


def test_rows_of_an_older_database_get_no_invented_figures(any_database: Database) -> None:
    user_id = add_user(any_database, "ann")
    conversation_id = add_conversation(any_database, user_id)
    answer = add_answer(any_database, user_id, conversation_id, "m", Metering(input_tokens=5))
    go_back(any_database, "0009")
    with any_database.db_session() as session:
        tables = {"sqlite": "sqlite_master", "postgresql": "pg_tables"}
        name = {"sqlite": "name", "postgresql": "tablename"}
        dialect = any_database.engine.dialect.name
        found = session.scalars(text(f"SELECT {name[dialect]} FROM {tables[dialect]}")).all()
        assert not {"user_preferences", "prompt_templates"}.intersection(found)
    upgrade(any_database)
    with any_database.db_session() as session:
        again = messages.get(session, user_id, answer.id)
        conversation = conversations.get(session, user_id, conversation_id)
    assert again == replace(answer, metering=NOT_METERED)
    assert conversation.system_prompt is None
    assert conversation.temperature is None
    assert conversation.max_answer_tokens is None


def test_an_answer_keeps_what_it_took(any_database: Database) -> None:
    user_id = add_user(any_database, "ann")
    metering = Metering(12, 3, 11, "length", {"messages": 2, "passages": 1, "retried": False})
    conversation_id = add_conversation(any_database, user_id)
    answer = add_answer(any_database, user_id, conversation_id, "m", metering)
    with any_database.db_session() as session:
        assert messages.get(session, user_id, answer.id).metering == metering


def test_how_a_conversation_asks_changes_only_where_named(any_database: Database) -> None:
    user_id = add_user(any_database, "ann")
    with any_database.db_transaction() as session:
        made = conversations.create(
            session,
            user_id=user_id,
            memory_enabled=True,
            asking={"system_prompt": "Be brief.", "temperature": 0.5},
        )
    assert (made.system_prompt, made.temperature, made.max_answer_tokens) == (
        "Be brief.",
        0.5,
        None,
    )
    with any_database.db_transaction() as session:
        changed = conversations.change(
            session, user_id, made.id, asking={"temperature": None, "max_answer_tokens": 300}
        )
    assert changed == replace(made, temperature=None, max_answer_tokens=300)


def test_preferences_begin_with_defaults_and_change_only_where_named(
    any_database: Database,
) -> None:
    user_id, other = add_user(any_database, "ann"), add_user(any_database, "bob")
    with any_database.db_session() as session:
        assert preferences.get(session, user_id) == preferences.PreferencesRecord()
    with any_database.db_transaction() as session:
        preferences.change(session, user_id, {"system_prompt": "Be brief."})
    with any_database.db_transaction() as session:
        changed = preferences.change(session, user_id, {"memory_enabled": False})
    assert changed == preferences.PreferencesRecord("Be brief.", memory_enabled=False)
    with any_database.db_session() as session:
        assert preferences.get(session, user_id) == changed
        assert preferences.get(session, other) == preferences.PreferencesRecord()


def test_templates_have_names_of_their_own_per_user(any_database: Database) -> None:
    user_id, other = add_user(any_database, "ann"), add_user(any_database, "bob")
    with any_database.db_transaction() as session:
        made = prompt_templates.create(session, user_id, "Sum up", "Sum up {{what}}.")
        prompt_templates.create(session, other, "Sum up", "Sum up.")
        second = prompt_templates.create(session, user_id, "Other", "Other.")
    with any_database.db_transaction() as session, pytest.raises(Conflict):
        prompt_templates.create(session, user_id, "SUM UP", "Again.")
    with any_database.db_transaction() as session, pytest.raises(Conflict):
        prompt_templates.change(session, user_id, second.id, name="sum up")
    with any_database.db_session() as session:
        listed, cursor = prompt_templates.list_page(session, user_id, 1)
        assert (listed, cursor) == ([second], second.id)
        assert prompt_templates.list_page(session, user_id, 1, cursor) == ([made], None)


def test_templates_of_others_do_not_exist(any_database: Database) -> None:
    user_id, other = add_user(any_database, "ann"), add_user(any_database, "bob")
    with any_database.db_transaction() as session:
        made = prompt_templates.create(session, user_id, "Mine", "Mine.")
    for call in (prompt_templates.change, prompt_templates.remove):
        with any_database.db_transaction() as session, pytest.raises(NotFound):
            call(session, other, made.id)
    with any_database.db_session() as session:
        assert prompt_templates.list_page(session, other, 5) == ([], None)


def test_the_number_of_templates_is_bounded(database: Database) -> None:
    user_id, other = add_user(database, "ann"), add_user(database, "bob")
    with database.db_transaction() as session:
        for number in range(prompt_templates.MAX_TEMPLATES):
            prompt_templates.create(session, user_id, f"Template {number}", "Text.")
    with database.db_transaction() as session, pytest.raises(Conflict, match="Delete one"):
        prompt_templates.create(session, user_id, "One more", "Text.")
    with database.db_transaction() as session:
        prompt_templates.create(session, other, "One more", "Text.")


def test_usage_is_summed_by_model_and_unknown_counts_stay_apart(any_database: Database) -> None:
    user_id, other = add_user(any_database, "ann"), add_user(any_database, "bob")
    first, second = (add_conversation(any_database, user_id) for _ in range(2))
    add_answer(any_database, user_id, first, "a:big", Metering(100, 10))
    add_answer(any_database, user_id, first, "a:big", status="stopped")
    add_answer(any_database, user_id, second, "a:big", Metering(1, 2), status="failed")
    add_answer(any_database, user_id, second, "b:small", Metering(5, 6))
    add_answer(any_database, user_id, second, "b:small", status="streaming")
    add_answer(any_database, other, add_conversation(any_database, other), "a:big", Metering(7, 7))
    with any_database.db_session() as session:
        assert usage.by_model(session, user_id) == [
            ModelUsage("a:big", 101, 12, message_count=3, unknown_count=1),
            ModelUsage("b:small", 5, 6, message_count=1, unknown_count=0),
        ]
        assert usage.by_model(session, user_id, conversation_id=first) == [
            ModelUsage("a:big", 100, 10, message_count=2, unknown_count=1)
        ]
        later = utc_now() + timedelta(seconds=1)
        assert usage.by_model(session, user_id, since=later) == []
        earlier = utc_now() - timedelta(hours=1)
        assert len(usage.by_model(session, user_id, since=earlier)) == 2
