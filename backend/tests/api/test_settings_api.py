"""Provider keys and models over HTTP."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from anthropic_server import run_anthropic_server
from backend.config import Config
from backend.db.models import Document
from backend.db.repositories import document_embeddings, embedding_models
from backend.db.session import Database
from chat_house import add_document
from google_server import run_google_server
from ollama_server import run_ollama_server
from openai_server import OpenAIServer, run_openai_server
from people import Person

KEY = "sk-test-0123456789abcdef"


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with run_openai_server() as running:
        yield running


def put(client: FlaskClient, person: Person, provider: str, **body: Any) -> Any:
    path = f"/api/settings/api-keys/{provider}"
    return client.put(path, json=body, headers=person.headers)


def stored(client: FlaskClient, person: Person) -> list[dict[str, Any]]:
    response = client.get("/api/settings/api-keys", headers=person.headers)
    items: list[dict[str, Any]] = response.get_json()["items"]
    return items


def test_a_key_is_stored_and_never_shown(
    client: FlaskClient,
    user: Person,
    other_user: Person,
    database: Database,
    server: OpenAIServer,
) -> None:
    response = put(client, user, "openai", key=f"  {KEY} ", base_url=server.base_url)
    assert response.status_code == 200
    listed = client.get("/api/settings/api-keys", headers=user.headers)
    (item,) = listed.get_json()["items"]
    assert item["provider"] == "openai"
    assert item["hint"] == "cdef"
    assert item["base_url"] == server.base_url
    assert item["updated_at"].endswith("+00:00")
    assert response.get_json() == {"api_key": item}
    assert KEY not in response.text + listed.text
    assert stored(client, other_user) == []
    with database.db_session() as session:
        assert KEY.encode() not in session.scalar(text("SELECT key_encrypted FROM api_keys"))


def test_the_providers_that_can_be_set_up_are_named(client: FlaskClient, user: Person) -> None:
    body = client.get("/api/settings/api-keys", headers=user.headers).get_json()
    assert {"openai", "anthropic", "google", "grok", "ollama", "custom"} <= set(body["available"])


def test_a_field_left_out_stays_and_null_removes(
    client: FlaskClient, user: Person, server: OpenAIServer
) -> None:
    with run_openai_server() as another:
        put(client, user, "custom", key=KEY, base_url=f"{another.base_url}/")
        assert stored(client, user)[0]["base_url"] == another.base_url
    put(client, user, "custom", base_url=server.base_url)
    (item,) = stored(client, user)
    assert (item["hint"], item["base_url"]) == ("cdef", server.base_url)
    assert server.headers[-1]["authorization"] == f"Bearer {KEY}"
    put(client, user, "custom", key="another-key-9876")
    (item,) = stored(client, user)
    assert (item["hint"], item["base_url"]) == ("9876", server.base_url)
    put(client, user, "custom", key=None)
    (item,) = stored(client, user)
    assert (item["hint"], item["base_url"]) == (None, server.base_url)
    assert put(client, user, "custom", base_url=None).status_code == 422


def test_a_short_key_gives_no_hint(client: FlaskClient, user: Person, server: OpenAIServer) -> None:
    put(client, user, "openai", key="abcdefg", base_url=server.base_url)
    assert stored(client, user)[0]["hint"] is None


@pytest.mark.parametrize(
    ("key", "code"), [("sk-wrong", "provider_auth"), ("sk-poor", "provider_no_credit")]
)
@pytest.mark.parametrize("provider", ["openai", "anthropic", "google", "grok", "ollama", "custom"])
def test_access_that_does_not_work_is_not_stored(
    client: FlaskClient, user: Person, provider: str, key: str, code: str
) -> None:
    runners: dict[str, Any] = {
        "anthropic": run_anthropic_server,
        "google": run_google_server,
        "ollama": run_ollama_server,
    }
    with runners.get(provider, run_openai_server)() as server:
        refused = put(client, user, provider, key=key, base_url=server.base_url)
        assert refused.status_code == 502
        assert refused.get_json()["error"]["code"] == code
        assert key not in refused.text
        assert stored(client, user) == []
        assert put(client, user, provider, key=KEY, base_url=server.base_url).status_code == 200


def test_an_address_where_nobody_answers_is_not_stored(client: FlaskClient, user: Person) -> None:
    refused = put(client, user, "custom", base_url="http://127.0.0.1:9/v1")
    assert refused.get_json()["error"]["code"] == "provider_unreachable"
    assert stored(client, user) == []


@pytest.mark.parametrize(
    ("provider", "body", "field"),
    [
        ("openai", {}, "key"),
        ("openai", {"key": ""}, "key"),
        ("openai", {"key": "   "}, "key"),
        ("openai", {"key": "two words"}, "key"),
        ("openai", {"key": "line\nbreak"}, "key"),
        ("openai", {"key": "schlüssel"}, "key"),
        ("openai", {"key": 5}, "key"),
        ("custom", {"base_url": "file:///etc/passwd"}, "base_url"),
        ("custom", {"base_url": "localhost:11434"}, "base_url"),
        ("custom", {"base_url": "http://"}, "base_url"),
        ("custom", {"base_url": "http://a:99999"}, "base_url"),
        ("nobody", {"key": KEY}, "provider"),
    ],
)
def test_what_is_not_valid_is_named(
    client: FlaskClient, user: Person, provider: str, body: dict[str, Any], field: str
) -> None:
    response = put(client, user, provider, **body)
    assert response.status_code == 422
    assert set(response.get_json()["error"]["details"]) == {field}
    assert stored(client, user) == []


def test_a_key_can_be_removed_by_its_owner(
    client: FlaskClient, user: Person, other_user: Person, server: OpenAIServer
) -> None:
    put(client, user, "openai", key=KEY, base_url=server.base_url)
    path = "/api/settings/api-keys/openai"
    assert client.delete(path, headers=other_user.headers).status_code == 404
    assert client.delete(path, headers=user.headers).status_code == 204
    assert client.delete(path, headers=user.headers).status_code == 404
    assert stored(client, user) == []


def test_models_are_listed_with_the_built_in_one_ready(client: FlaskClient, user: Person) -> None:
    with run_openai_server() as stopped:
        put(client, user, "custom", base_url=stopped.base_url)
    response = client.get("/api/models", headers=user.headers)
    assert response.status_code == 200
    items = {item["id"]: item for item in response.get_json()["items"]}
    assert items["builtin:quotes"]["ready"] is True
    assert items["builtin:quotes"]["reason"] is None
    others = [item for item in items.values() if item["provider"] != "builtin"]
    assert others
    assert all(not item["ready"] and item["reason"] for item in others)


def test_a_key_that_cannot_be_decrypted_is_asked_for_again(
    client: FlaskClient, user: Person, config: Config, database: Database, server: OpenAIServer
) -> None:
    put(client, user, "openai", key=KEY, base_url=server.base_url)
    with database.db_transaction() as session:
        session.execute(text("UPDATE api_keys SET key_encrypted = :junk"), {"junk": b"junk"})
    items = client.get("/api/models", headers=user.headers).get_json()["items"]
    openai = next(item for item in items if item["provider"] == "openai")
    assert "Enter the key again" in openai["reason"]
    assert Path(config.secret_key_path).is_file()


def test_the_search_model_tells_how_far_its_successor_is(
    client: FlaskClient, user: Person, database: Database
) -> None:
    def ask() -> Any:
        return client.get("/api/search-model", headers=user.headers).get_json()

    def adopt(name: str) -> None:
        with database.db_transaction() as session:
            embedding_models.adopt(
                session, name, base_url=None, server_model=None, key_encrypted=None
            )

    assert ask() == {"serving": None, "next": None, "progress": None}
    adopt("old")
    assert ask() == {"serving": "old", "next": None, "progress": None}
    document_id = add_document(database, user.id)
    adopt("new")
    with database.db_transaction() as session:
        session.get_one(Document, document_id).chunk_count = 3
    progress = {"done": 0, "failed": 0, "total": 1}
    assert ask() == {"serving": "old", "next": "new", "progress": progress}
    with database.db_transaction() as session:
        document_embeddings.give_up(session, document_id, "new", "embedding_refused", "No.")
    assert ask()["progress"] == {"done": 1, "failed": 1, "total": 1}
