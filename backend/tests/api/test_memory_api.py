"""Memory over HTTP: stats, search, export, forgetting; and the search over messages."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from backend.app import get_services
from backend.clock import to_wire, utc_now
from backend.db.repositories import conversations, messages
from backend.db.session import Database
from people import Person

BEES = "My sister Ingrid keeps bees behind the lighthouse of Skagen. Their honey is dark."

Say = Callable[..., tuple[str, str]]


@pytest.fixture
def say(app: APIFlask, database: Database) -> Say:
    """Return a function that stores a message and gives its conversation's id and its own."""

    def store(
        person: Person,
        text: str,
        *,
        memory_enabled: bool = True,
        role: str = "user",
        model: str | None = None,
    ) -> tuple[str, str]:
        with database.db_transaction() as session:
            conversation = conversations.create(
                session, user_id=person.id, memory_enabled=memory_enabled, title="Family"
            )
            message = messages.add(
                session,
                user_id=person.id,
                conversation_id=conversation.id,
                parent_id=None,
                role=role,
                content=text,
                model=model,
            )
        get_services(app).search.drain()
        return conversation.id, message.id

    return store


def test_what_is_remembered_is_counted_found_and_exported(
    client: FlaskClient, user: Person, say: Say
) -> None:
    conversation_id, message_id = say(user, BEES)
    say(user, "Nothing of this is kept.", memory_enabled=False)
    stats = client.get("/api/memory/stats", headers=user.headers).get_json()
    assert (stats["message_count"], stats["conversation_count"]) == (1, 1)
    assert stats["oldest"] == stats["newest"]
    [found] = client.get(
        "/api/memory/search", query_string={"q": "Ingrid's bees"}, headers=user.headers
    ).get_json()["items"]
    assert found["message_id"] == message_id
    assert found["conversation_id"] == conversation_id
    assert found["conversation_title"] == "Family"
    assert (found["role"], found["quote"]) == ("user", BEES)
    exported = client.get("/api/memory/export", headers=user.headers).get_json()
    assert [item["content"] for item in exported["items"]] == [BEES]


def test_nobody_sees_anothers_memory(
    client: FlaskClient, user: Person, other_user: Person, say: Say
) -> None:
    _, message_id = say(other_user, BEES)
    assert client.get("/api/memory/stats", headers=user.headers).get_json() == {
        "message_count": 0, "conversation_count": 0, "oldest": None, "newest": None,
    }  # fmt: skip
    for path in ("/api/memory/search", "/api/search"):
        answer = client.get(path, query_string={"q": "Ingrid bees"}, headers=user.headers)
        assert answer.get_json()["items"] == []
    assert client.get("/api/memory/export", headers=user.headers).get_json()["items"] == []
    refused = client.delete(f"/api/memory/{message_id}", headers=user.headers)
    assert refused.status_code == 404
    client.delete("/api/memory", headers=user.headers)
    stats = client.get("/api/memory/stats", headers=other_user.headers).get_json()
    assert stats["message_count"] == 1


def test_one_a_conversation_a_time_and_everything_are_forgotten(
    client: FlaskClient, user: Person, say: Say
) -> None:
    def count() -> int:
        stats = client.get("/api/memory/stats", headers=user.headers).get_json()
        number: int = stats["message_count"]
        return number

    _, message_id = say(user, BEES)
    conversation_id, _ = say(user, "The red boat is called Frida.")
    say(user, "The blue boat is called Greta.")
    assert count() == 3
    for path, left in (
        (f"/api/memory/{message_id}", 2),
        (f"/api/memory/conversations/{conversation_id}", 1),
        ("/api/memory?before=2001-01-01T00:00:00%2B00:00", 1),
    ):
        assert client.delete(path, headers=user.headers).status_code == 204
        assert count() == left
    before = to_wire(utc_now() + timedelta(minutes=1))
    client.delete("/api/memory", query_string={"before": before}, headers=user.headers)
    assert count() == 0
    shown = client.get(f"/api/conversations/{conversation_id}", headers=user.headers).get_json()
    assert shown["messages"][0]["content"] == "The red boat is called Frida."
    response = client.delete("/api/memory?before=yesterday", headers=user.headers)
    assert response.status_code == 422


# --- Search over messages


def search(client: FlaskClient, person: Person, **query: object) -> list[dict[str, object]]:
    response = client.get("/api/search", query_string=query, headers=person.headers)
    assert response.status_code == 200, response.get_json()
    items: list[dict[str, object]] = response.get_json()["items"]
    return items


def test_messages_are_found_with_highlights_where_memory_is_off_too(
    client: FlaskClient, user: Person, say: Say
) -> None:
    conversation_id, message_id = say(user, BEES, memory_enabled=False)
    [found] = search(client, user, q="bee lighthouses", kind="messages")
    assert found["kind"] == "message"
    assert found["quote"] == BEES
    assert BEES[found["start"] : found["end"]] == found["quote"]
    marked = [BEES[mark["start"] : mark["end"]] for mark in found["highlights"]]
    assert marked == ["bees", "lighthouse"]
    assert found["message"]["id"] == message_id
    assert found["message"]["role"] == "user"
    assert found["conversation"] == {"id": conversation_id, "title": "Family"}


def test_messages_are_found_by_meaning(client: FlaskClient, user: Person, say: Say) -> None:
    say(user, "We adopted a puppy last spring.")
    say(user, "The invoice is due on Friday.")
    [found] = search(client, user, q="getting a young dog", kind="messages")
    assert found["quote"] == "We adopted a puppy last spring."


def test_a_message_is_judged_by_its_own_sentences(
    client: FlaskClient, user: Person, say: Say
) -> None:
    say(user, f"{BEES} They swarm in June. The tower has a height of 40 m.")
    [found] = search(client, user, q="how tall", kind="messages")
    assert found["quote"] == "The tower has a height of 40 m."
    assert found["highlights"] == []


@pytest.mark.parametrize("typed", ["hives", "zxqwv", "tovuke", "parliament"])
def test_a_word_that_stands_nowhere_finds_nothing(
    client: FlaskClient, user: Person, say: Say, typed: str
) -> None:
    for text in (BEES, "The invoice is due on Friday.", "We adopted a puppy last spring.", "Hi!"):
        say(user, text)
    assert search(client, user, q=typed) == []


def test_a_quoted_phrase_must_be_there(client: FlaskClient, user: Person, say: Say) -> None:
    say(user, "The red boat is called Frida.")
    say(user, "The boat by the red house is called Greta.")
    found = search(client, user, q='"red boat" called', kind="messages")
    assert [hit["quote"] for hit in found] == ["The red boat is called Frida."]
    assert search(client, user, q='"boat red"') == []


def test_what_nobody_spoke_of_finds_nothing(client: FlaskClient, user: Person, say: Say) -> None:
    say(user, BEES)
    assert search(client, user, q="quantum chemistry") == []


def test_the_day_on_which_something_was_said_finds_it(
    client: FlaskClient, user: Person, say: Say
) -> None:
    say(user, BEES)
    today = utc_now()
    [found] = search(client, user, q=f"{today.day} {today:%B %Y}", kind="messages")
    assert found["quote"].startswith("My sister Ingrid")


def test_the_models_that_answered_are_listed_whether_they_can_be_used_or_not(
    client: FlaskClient, user: Person, other_user: Person, say: Say
) -> None:
    def models() -> list[str]:
        answer = client.get("/api/search/models", headers=user.headers).get_json()
        return [item["id"] for item in answer["items"]]

    assert models() == []
    for model in ("openai:gpt-9", "custom:words", "openai:gpt-9"):
        say(user, "Honey may be dark.", role="assistant", model=model)
    say(other_user, "Honey may be dark.", role="assistant", model="grok:other")
    assert models() == ["custom:words", "openai:gpt-9"]


def test_a_message_tells_whether_it_is_kept_out_of_memory(
    client: FlaskClient, user: Person, say: Say
) -> None:
    conversation_id, message_id = say(user, BEES)

    def is_remembered() -> object:
        detail = client.get(f"/api/conversations/{conversation_id}", headers=user.headers)
        return detail.get_json()["messages"][0]["remembered"]

    assert is_remembered() is True
    client.delete(f"/api/memory/{message_id}", headers=user.headers)
    assert is_remembered() is False


def test_a_word_that_is_being_typed_finds_messages(
    client: FlaskClient, user: Person, say: Say
) -> None:
    say(user, BEES)
    say(user, "The invoice is due on Friday.")
    for typed in ("lightho", "LIGHT", "ingrid keeps bee", "Ska"):
        found = search(client, user, q=typed, kind="messages")
        assert [hit["quote"] for hit in found] == [BEES], typed
        assert found[0]["highlights"]


def test_messages_are_filtered_by_role_model_conversation_and_time(
    client: FlaskClient, user: Person, say: Say
) -> None:
    asked, _ = say(user, "Is honey dark?")
    told, _ = say(user, "Honey may be dark.", role="assistant", model="custom:words")

    def conversations_of(**filters: str) -> list[object]:
        hits = search(client, user, q="dark honey", kind="messages", **filters)
        return sorted(hit["message"]["conversation_id"] for hit in hits)

    assert conversations_of() == sorted([asked, told])
    assert conversations_of(role="user") == [asked]
    assert conversations_of(model="custom:words") == [told]
    assert conversations_of(conversation_id=asked) == [asked]
    assert conversations_of(since=to_wire(utc_now() + timedelta(days=1))) == []
    assert conversations_of(until=to_wire(utc_now() - timedelta(days=1))) == []
    assert conversations_of(until=to_wire(utc_now() + timedelta(days=1))) == sorted([asked, told])


def test_documents_alone_leave_messages_out(client: FlaskClient, user: Person, say: Say) -> None:
    say(user, BEES)
    assert search(client, user, q="bees", kind="documents") == []
    assert len(search(client, user, q="bees", kind="all")) == 1
