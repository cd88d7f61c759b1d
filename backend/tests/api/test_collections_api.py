"""Collections over HTTP, and what open pages are told."""

from collections.abc import Callable
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backend.api.document_events import DocumentEvents
from backend.db.session import Database
from people import Person

Call = Callable[..., TestResponse]


@pytest.fixture
def call(client: FlaskClient, user: Person) -> Call:
    """Return a function that sends JSON as the user."""

    def send(method: str, path: str, body: object = None, person: Person = user) -> TestResponse:
        return client.open(f"/api{path}", method=method, json=body, headers=person.headers)

    return send


@pytest.fixture
def collection_id(call: Call) -> str:
    found: str = call("POST", "/collections", {"name": "Work"}).get_json()["collection"]["id"]
    return found


def test_a_collection_is_made_renamed_listed_and_deleted(call: Call) -> None:
    made = call("POST", "/collections", {"name": "  Tax   papers "})
    assert made.status_code == 201
    collection = made.get_json()["collection"]
    assert collection["name"] == "Tax papers"
    assert collection["document_count"] == 0
    path = f"/collections/{collection['id']}"
    renamed = call("PATCH", path, {"name": "Taxes 📁"}).get_json()["collection"]
    assert renamed["name"] == "Taxes 📁"
    listed = call("GET", "/collections").get_json()
    assert listed == {"items": [renamed], "next_cursor": None}
    assert call("DELETE", path).status_code == 204
    assert call("DELETE", path).status_code == 404
    assert call("GET", "/collections").get_json()["items"] == []


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, 5, "a\x00b"])
def test_a_name_that_cannot_be_is_refused(call: Call, name: object) -> None:
    response = call("POST", "/collections", {"name": name})
    assert response.status_code == 422
    assert set(response.get_json()["error"]["details"]) == {"name"}


def test_a_name_that_is_there_conflicts(call: Call, collection_id: str, other_user: Person) -> None:
    response = call("POST", "/collections", {"name": "WORK"})
    assert response.status_code == 409
    assert response.get_json()["error"]["code"] == "conflict"
    assert call("POST", "/collections", {"name": "WORK"}, other_user).status_code == 201


def test_documents_are_put_in_listed_by_collection_and_taken_out(
    call: Call, collection_id: str, document_id: str, upload: Callable[..., TestResponse]
) -> None:
    upload(b"another text", "other.txt")
    path = f"/collections/{collection_id}/documents/{document_id}"
    for _ in range(2):
        document = call("PUT", path).get_json()["document"]
        assert document["collection_ids"] == [collection_id]
    found = call("GET", f"/documents?collection_id={collection_id}").get_json()["items"]
    assert [d["id"] for d in found] == [document_id]
    assert call("GET", "/collections").get_json()["items"][0]["document_count"] == 1
    for _ in range(2):
        assert call("DELETE", path).status_code == 204
    assert call("GET", f"/documents?collection_id={collection_id}").get_json()["items"] == []
    assert call("GET", f"/documents/{document_id}").get_json()["document"]["collection_ids"] == []


def test_what_belongs_to_others_is_not_found(
    call: Call, collection_id: str, document_id: str, other_user: Person
) -> None:
    path = f"/collections/{collection_id}"
    assert call("PATCH", path, {"name": "Mine"}, other_user).status_code == 404
    assert call("DELETE", path, None, other_user).status_code == 404
    assert call("PUT", f"{path}/documents/{document_id}", None, other_user).status_code == 404
    assert (
        call("GET", f"/documents?collection_id={collection_id}", None, other_user).status_code
        == 404
    )


def test_a_conversation_is_pointed_at_collections(
    call: Call, collection_id: str, other_user: Person
) -> None:
    body = {"collection_ids": [collection_id]}
    conversation = call("POST", "/conversations", body).get_json()["conversation"]
    assert conversation["collection_ids"] == [collection_id]
    path = f"/conversations/{conversation['id']}"
    assert (
        call("PATCH", path, {"collection_ids": []}).get_json()["conversation"]["collection_ids"]
        == []
    )
    assert call("POST", "/conversations", body, other_user).status_code == 404


def test_open_pages_are_told_of_collections_and_their_documents(
    app: APIFlask, call: Call, user: Person, document_id: str, database: Database
) -> None:
    told: list[tuple[str, dict[str, Any]]] = []

    def record(event: str, data: dict[str, Any], user_id: str) -> None:
        assert user_id == user.id
        told.append((event, data))

    document_events = DocumentEvents(database, record)
    document_events.emit_changes()
    socketio = app.extensions["socketio"]
    page = socketio.test_client(app, auth={"token": user.token})
    collection = call("POST", "/collections", {"name": "Work"}).get_json()["collection"]
    call("PUT", f"/collections/{collection['id']}/documents/{document_id}")
    document_events.emit_changes()
    assert told[-1][1]["document"]["collection_ids"] == [collection["id"]]
    call("DELETE", f"/collections/{collection['id']}")
    document_events.emit_changes()
    assert told[-1][1]["document"]["collection_ids"] == []
    events = [(event["name"], event["args"][0]) for event in page.get_received()]
    assert [name for name, _ in events] == [
        "collection_updated",
        "collection_updated",
        "collection_deleted",
    ]
    assert events[1][1]["collection"]["document_count"] == 1
    assert events[2][1] == {"collection_id": collection["id"]}
