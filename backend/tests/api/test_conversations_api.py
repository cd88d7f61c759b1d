"""Conversations over HTTP."""

from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from backend.config import Config
from backend.db.repositories import deletions, documents, messages
from backend.db.session import Database
from people import Person


@pytest.fixture
def conversation(client: FlaskClient, user: Person) -> dict[str, Any]:
    """An empty conversation of `user`."""
    response = client.post("/api/conversations", json={}, headers=user.headers)
    found: dict[str, Any] = response.get_json()["conversation"]
    return found


def add_document(database: Database, user_id: str, sha256: str = "a" * 64) -> str:
    with database.db_transaction() as session:
        document, _ = documents.create(
            session,
            user_id,
            filename="a.txt",
            media_type="text/plain",
            size_bytes=1,
            sha256=sha256,
        )
    return document.id


@pytest.mark.parametrize("kwargs", [{"json": {}}, {}, {"json": {"unknown": 1}}])
def test_a_conversation_begins_with_the_servers_defaults(
    client: FlaskClient, user: Person, config: Config, kwargs: dict[str, Any]
) -> None:
    response = client.post("/api/conversations", headers=user.headers, **kwargs)
    assert response.status_code == 201
    conversation = response.get_json()["conversation"]
    assert conversation["title"]
    assert conversation["memory_enabled"] is config.memory_enabled
    assert conversation["document_ids"] == []
    assert conversation["message_count"] == 0
    assert conversation["created_at"].endswith("+00:00")


def test_a_conversation_may_begin_with_choices(
    client: FlaskClient, user: Person, database: Database
) -> None:
    document_id = add_document(database, user.id)
    choices = {"title": " My  tower ", "memory_enabled": False, "document_ids": [document_id]}
    response = client.post("/api/conversations", json=choices, headers=user.headers)
    conversation = response.get_json()["conversation"]
    assert conversation["title"] == "My tower"
    assert conversation["memory_enabled"] is False
    assert conversation["document_ids"] == [document_id]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": " \n "}, "title"),
        ({"title": "x" * 301}, "title"),
        ({"title": "a\0"}, "title"),
        ({"title": 5}, "title"),
        ({"memory_enabled": "yes"}, "memory_enabled"),
        ({"document_ids": "x"}, "document_ids"),
        ({"document_ids": [5]}, "document_ids.0"),
        ({"document_ids": ["x" * 65]}, "document_ids.0"),
    ],
)
def test_what_is_not_valid_is_named_at_the_beginning_and_later(
    client: FlaskClient,
    user: Person,
    conversation: dict[str, Any],
    change: dict[str, Any],
    field: str,
) -> None:
    for method, path in (
        ("POST", "/api/conversations"),
        ("PATCH", f"/api/conversations/{conversation['id']}"),
    ):
        response = client.open(path, method=method, json=change, headers=user.headers)
        assert response.status_code == 422
        assert set(response.get_json()["error"]["details"]) == {field}


def test_only_ones_own_documents_can_be_chosen(
    client: FlaskClient,
    user: Person,
    other_user: Person,
    conversation: dict[str, Any],
    database: Database,
) -> None:
    foreign = add_document(database, other_user.id)
    for document_id in (foreign, "unknown"):
        change = {"document_ids": [document_id]}
        path = f"/api/conversations/{conversation['id']}"
        assert client.patch(path, json=change, headers=user.headers).status_code == 404
        response = client.post("/api/conversations", json=change, headers=user.headers)
        assert response.status_code == 404


def test_a_change_touches_only_what_is_named_and_is_told_to_open_pages(
    app: APIFlask, client: FlaskClient, user: Person, conversation: dict[str, Any]
) -> None:
    socket = app.extensions["socketio"].test_client(app, auth={"token": user.token})
    path = f"/api/conversations/{conversation['id']}"
    response = client.patch(path, json={"title": "Towers"}, headers=user.headers)
    changed = response.get_json()["conversation"]
    assert changed == {**conversation, "title": "Towers"}
    assert [(event["name"], event["args"]) for event in socket.get_received()] == [
        ("conversation_updated", [{"conversation": changed}])
    ]
    socket.disconnect()
    response = client.patch(path, json={"memory_enabled": False}, headers=user.headers)
    assert response.get_json()["conversation"] == {**changed, "memory_enabled": False}
    response = client.patch(path, json={"title": None}, headers=user.headers)
    assert response.get_json()["conversation"]["title"] == "Towers"


def test_a_conversation_shows_its_messages_the_oldest_first(
    client: FlaskClient, user: Person, conversation: dict[str, Any], database: Database
) -> None:
    with database.db_transaction() as session:
        question = messages.add(
            session,
            user_id=user.id,
            conversation_id=conversation["id"],
            parent_id=None,
            role="user",
            content="How high?",
        )
        messages.add(
            session,
            user_id=user.id,
            conversation_id=conversation["id"],
            parent_id=question.id,
            role="assistant",
            status="streaming",
            model="builtin:quotes",
        )
    path = f"/api/conversations/{conversation['id']}"
    body = client.get(path, headers=user.headers).get_json()
    assert body["conversation"]["message_count"] == 2
    assert [m["role"] for m in body["messages"]] == ["user", "assistant"]
    assert body["messages"][0]["content"] == "How high?"
    assert body["messages"][1]["parent_id"] == question.id
    assert body["messages"][1]["citations"] == body["messages"][1]["memories"] == []
    assert set(body["messages"][1]) >= {"id", "status", "model", "error", "created_at"}


def test_a_citation_outlives_its_document_and_says_so(
    client: FlaskClient, user: Person, conversation: dict[str, Any], database: Database
) -> None:
    kept = add_document(database, user.id)
    deleted = add_document(database, user.id, "b" * 64)
    citations = [
        {"n": n, "document_id": id_, "filename": "a.txt", "chunk_id": "c", "quote": "It is high.",
         "pages": [{"page": 1, "start": 0, "end": 11}], "score": 0.5, "support": "verified"}
        for n, id_ in enumerate((kept, deleted), start=1)
    ]  # fmt: skip
    with database.db_transaction() as session:
        answer = messages.add(
            session,
            user_id=user.id,
            conversation_id=conversation["id"],
            parent_id=None,
            role="assistant",
            status="streaming",
        )
        messages.finish(
            session,
            user.id,
            answer.id,
            content="It is high [1][2].",
            status="complete",
            citations=citations,
            no_answer=True,
        )
        deletions.mark_deleted(session, user.id, deleted)
    path = f"/api/conversations/{conversation['id']}"
    [message] = client.get(path, headers=user.headers).get_json()["messages"]
    assert message["no_answer"] is True
    assert message["citations"] == [
        {**citations[0], "document_deleted": False},
        {**citations[1], "document_deleted": True},
    ]


def test_conversations_are_listed_page_by_page(
    client: FlaskClient, user: Person, other_user: Person
) -> None:
    for number in range(5):
        client.post("/api/conversations", json={"title": f"{number}"}, headers=user.headers)
    client.post("/api/conversations", json={"title": "foreign"}, headers=other_user.headers)
    titles: list[str] = []
    query: dict[str, str] = {"limit": "2"}
    while True:
        page = client.get("/api/conversations", query_string=query, headers=user.headers).get_json()
        titles += [item["title"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert titles == ["4", "3", "2", "1", "0"]


def test_a_strange_cursor_is_refused(client: FlaskClient, user: Person) -> None:
    response = client.get("/api/conversations?cursor=x", headers=user.headers)
    assert response.status_code == 400
    assert response.get_json()["error"]["code"] == "invalid_request"


def test_a_deleted_conversation_is_gone_with_its_messages(
    client: FlaskClient, user: Person, conversation: dict[str, Any]
) -> None:
    path = f"/api/conversations/{conversation['id']}"
    response = client.delete(path, headers=user.headers)
    assert (response.status_code, response.data) == (204, b"")
    assert client.get(path, headers=user.headers).status_code == 404
    assert client.delete(path, headers=user.headers).status_code == 404


@pytest.mark.parametrize(
    ("method", "body"), [("GET", None), ("PATCH", {"title": "mine now"}), ("DELETE", None)]
)
def test_somebody_elses_conversation_does_not_exist(
    client: FlaskClient,
    user: Person,
    other_user: Person,
    conversation: dict[str, Any],
    method: str,
    body: dict[str, str] | None,
) -> None:
    for conversation_id in (conversation["id"], "00000000-0000-7000-8000-000000000000"):
        path = f"/api/conversations/{conversation_id}"
        response = client.open(path, method=method, json=body, headers=other_user.headers)
        assert response.status_code == 404
        assert response.get_json()["error"]["code"] == "not_found"
    path = f"/api/conversations/{conversation['id']}"
    assert client.get(path, headers=user.headers).get_json()["conversation"] == conversation
