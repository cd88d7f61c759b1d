"""Preferences, prompt templates and usage over HTTP."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from backend.config import Config
from backend.db.repositories import messages
from backend.db.repositories.messages import Metering
from backend.db.session import Database
from people import Person

PREFERENCES = "/api/settings/preferences"
TEMPLATES = "/api/prompt-templates"


def new_conversation(client: FlaskClient, person: Person, **body: Any) -> dict[str, Any]:
    response = client.post("/api/conversations", json=body, headers=person.headers)
    found: dict[str, Any] = response.get_json()["conversation"]
    return found


def add_answer(
    database: Database, user_id: str, conversation_id: str, metering: Metering | None
) -> None:
    with database.db_transaction() as session:
        message = messages.add(
            session,
            user_id=user_id,
            conversation_id=conversation_id,
            parent_id=None,
            role="assistant",
            model="openai:gpt",
            status="streaming",
        )
        messages.finish(
            session,
            user_id,
            message.id,
            content="Yes.",
            status="complete",
            metering=metering or messages.NOT_METERED,
        )


# --- Preferences


def test_preferences_begin_with_the_servers_defaults(
    client: FlaskClient, user: Person, config: Config
) -> None:
    body = client.get(PREFERENCES, headers=user.headers).get_json()
    expected = {"system_prompt": None, "memory_enabled": config.memory_enabled}
    assert body == {"preferences": expected}


def test_preferences_change_where_named_and_null_is_the_default_again(
    client: FlaskClient, user: Person, other_user: Person
) -> None:
    def patch(**body: Any) -> Any:
        response = client.patch(PREFERENCES, json=body, headers=user.headers)
        assert response.status_code == 200
        return response.get_json()["preferences"]

    assert patch(system_prompt="  Be brief. ") == {
        "system_prompt": "Be brief.",
        "memory_enabled": True,
    }
    assert patch(memory_enabled=False) == {"system_prompt": "Be brief.", "memory_enabled": False}
    assert client.get(PREFERENCES, headers=other_user.headers).get_json()["preferences"] == {
        "system_prompt": None,
        "memory_enabled": True,
    }
    assert patch(system_prompt=" ", memory_enabled=None) == {
        "system_prompt": None,
        "memory_enabled": True,
    }


def test_a_new_conversation_is_remembered_as_the_user_prefers(
    client: FlaskClient, user: Person
) -> None:
    client.patch(PREFERENCES, json={"memory_enabled": False}, headers=user.headers)
    assert new_conversation(client, user)["memory_enabled"] is False
    assert new_conversation(client, user, memory_enabled=True)["memory_enabled"] is True


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"system_prompt": "x" * 8_001}, "system_prompt"),
        ({"system_prompt": "a\0"}, "system_prompt"),
        ({"system_prompt": 5}, "system_prompt"),
        ({"memory_enabled": "yes"}, "memory_enabled"),
    ],
)
def test_preferences_that_are_not_valid_are_named(
    client: FlaskClient, user: Person, change: dict[str, Any], field: str
) -> None:
    response = client.patch(PREFERENCES, json=change, headers=user.headers)
    assert response.status_code == 422
    assert set(response.get_json()["error"]["details"]) == {field}


# --- How a conversation asks


def test_a_conversation_keeps_how_it_asks_and_null_resets(
    client: FlaskClient, user: Person
) -> None:
    made = new_conversation(client, user, system_prompt=" Be brief. ", temperature=1)
    assert made["system_prompt"] == "Be brief."
    assert (made["temperature"], made["max_answer_tokens"]) == (1.0, None)
    path = f"/api/conversations/{made['id']}"

    def patch(**body: Any) -> Any:
        return client.patch(path, json=body, headers=user.headers).get_json()["conversation"]

    assert patch(max_answer_tokens=500) == {**made, "max_answer_tokens": 500}
    assert patch(title="T") == {**made, "max_answer_tokens": 500, "title": "T"}
    changed = patch(system_prompt=None, temperature=None, max_answer_tokens=None)
    assert changed["system_prompt"] is None
    assert (changed["temperature"], changed["max_answer_tokens"]) == (None, None)
    assert patch(system_prompt="")["system_prompt"] == ""
    shown = client.get(path, headers=user.headers).get_json()["conversation"]
    assert shown == {**changed, "system_prompt": ""}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"system_prompt": "x" * 8_001}, "system_prompt"),
        ({"temperature": -0.1}, "temperature"),
        ({"temperature": 2.1}, "temperature"),
        ({"temperature": "1"}, "temperature"),
        ({"temperature": True}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"max_answer_tokens": 0}, "max_answer_tokens"),
        ({"max_answer_tokens": 1_000_001}, "max_answer_tokens"),
        ({"max_answer_tokens": 1.5}, "max_answer_tokens"),
        ({"max_answer_tokens": True}, "max_answer_tokens"),
    ],
)
def test_limits_that_are_not_valid_are_named(
    client: FlaskClient, user: Person, change: dict[str, Any], field: str
) -> None:
    path = f"/api/conversations/{new_conversation(client, user)['id']}"
    response = client.patch(path, json=change, headers=user.headers)
    assert response.status_code == 422
    assert set(response.get_json()["error"]["details"]) == {field}


# --- Prompt templates


def test_templates_are_kept_listed_changed_and_deleted(client: FlaskClient, user: Person) -> None:
    body = {"name": " Sum  up ", "text": "Sum up {{what}} in {{count}} words."}
    response = client.post(TEMPLATES, json=body, headers=user.headers)
    assert response.status_code == 201
    made = response.get_json()["prompt_template"]
    assert made["name"] == "Sum up"
    assert made["variables"] == ["what", "count"]
    assert made["created_at"].endswith("+00:00")
    path = f"{TEMPLATES}/{made['id']}"
    response = client.patch(path, json={"text": "Sum up."}, headers=user.headers)
    changed = response.get_json()["prompt_template"]
    assert (changed["name"], changed["text"], changed["variables"]) == ("Sum up", "Sum up.", [])
    listed = client.get(TEMPLATES, headers=user.headers).get_json()
    assert listed == {"items": [changed], "next_cursor": None}
    assert client.delete(path, headers=user.headers).status_code == 204
    assert client.delete(path, headers=user.headers).status_code == 404


def test_somebody_elses_template_is_not_found(
    client: FlaskClient, user: Person, other_user: Person
) -> None:
    body = {"name": "Mine", "text": "Mine."}
    made = client.post(TEMPLATES, json=body, headers=user.headers).get_json()["prompt_template"]
    path = f"{TEMPLATES}/{made['id']}"
    assert client.patch(path, json={"name": "x"}, headers=other_user.headers).status_code == 404
    assert client.delete(path, headers=other_user.headers).status_code == 404
    assert client.get(TEMPLATES, headers=other_user.headers).get_json()["items"] == []


def test_a_templates_name_is_taken_once(client: FlaskClient, user: Person) -> None:
    body = {"name": "Sum up", "text": "Text."}
    assert client.post(TEMPLATES, json=body, headers=user.headers).status_code == 201
    response = client.post(TEMPLATES, json={**body, "name": "SUM UP"}, headers=user.headers)
    assert response.status_code == 409
    assert set(response.get_json()["error"]["details"]) == {"name"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": 1}, "name"),
        ({"text": " \n"}, "text"),
        ({"text": "x" * 16_001}, "text"),
        ({"text": "a\0"}, "text"),
    ],
)
def test_templates_that_are_not_valid_are_named(
    client: FlaskClient, user: Person, change: dict[str, Any], field: str
) -> None:
    body = {"name": "Sum up", "text": "Text.", **change}
    response = client.post(TEMPLATES, json=body, headers=user.headers)
    assert response.status_code == 422
    assert set(response.get_json()["error"]["details"]) == {field}


# --- Usage


def test_usage_is_shown_per_message_conversation_and_model(
    client: FlaskClient, user: Person, other_user: Person, database: Database
) -> None:
    conversation_id = new_conversation(client, user)["id"]
    left_out = {"messages": 2, "passages": 0, "retried": False}
    add_answer(
        database,
        user.id,
        conversation_id,
        Metering(20, 5, 18, stop_reason="length", left_out=left_out),
    )
    add_answer(database, user.id, conversation_id, None)
    path = f"/api/conversations/{conversation_id}"
    body = client.get(path, headers=user.headers).get_json()
    known, unknown = body["messages"]
    assert known["usage"] == {"input_tokens": 20, "output_tokens": 5}
    assert (known["stop_reason"], known["left_out"]) == ("length", left_out)
    assert (unknown["usage"], unknown["left_out"], unknown["stop_reason"]) == (None, None, None)
    assert body["usage"] == {"input_tokens": 20, "output_tokens": 5}
    sums = {"input_tokens": 20, "output_tokens": 5, "message_count": 2, "unknown_count": 1}
    expected = {"items": [{"model": "openai:gpt", **sums}], "total": sums}
    assert client.get("/api/usage", headers=user.headers).get_json() == expected
    query = f"/api/usage?conversation_id={conversation_id}&since=2020-01-01T00:00:00+00:00"
    assert client.get(query, headers=user.headers).get_json() == expected
    assert client.get(query, headers=other_user.headers).status_code == 404
    later = client.get("/api/usage?since=2999-01-01T00:00:00Z", headers=user.headers).get_json()
    assert later == {"items": [], "total": dict.fromkeys(sums, 0)}


@pytest.mark.parametrize("since", ["yesterday", "2026-01-01T00:00:00", ""])
def test_a_time_without_offset_is_no_time(client: FlaskClient, user: Person, since: str) -> None:
    response = client.get(f"/api/usage?since={since}", headers=user.headers)
    assert response.status_code == 422
    assert set(response.get_json()["error"]["details"]) == {"since"}
