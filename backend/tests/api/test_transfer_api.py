"""Accounts and foreign conversations over HTTP."""

import io
import json
import zipfile

import pytest
from flask.testing import FlaskClient

from account_content import NOTE
from backend.config import Config
from backend.db.session import Database
from foreign_exports import claude_chat, lighthouse_chat
from people import Person
from uploads import form, stored_files
from written_conversation import write_conversation


def test_an_account_is_sent_as_an_archive_and_taken_in_by_another_person(
    client: FlaskClient, user: Person, other_user: Person, database: Database
) -> None:
    upload = form(NOTE, "note.txt")
    document = client.post("/api/documents", **upload, headers=user.headers).get_json()["document"]
    write_conversation(database, user.id, document["id"])
    response = client.get("/api/account/export", headers=user.headers)
    assert response.status_code == 200
    assert response.mimetype == "application/zip"
    assert response.headers["Content-Disposition"].startswith('attachment; filename="docchat ada ')
    with zipfile.ZipFile(io.BytesIO(response.data)) as archive:
        assert archive.testzip() is None
    report = client.post(
        "/api/account/import", **form(response.data, "a.zip"), headers=other_user.headers
    ).get_json()
    assert report["problems"] == []
    assert report["documents"] == {"imported": 1, "skipped": 0}
    [mine] = client.get("/api/documents", headers=other_user.headers).get_json()["items"]
    assert (mine["filename"], mine["sha256"]) == ("note.txt", document["sha256"])
    [talk] = client.get("/api/conversations", headers=other_user.headers).get_json()["items"]
    path = f"/api/conversations/{talk['id']}"
    shown = client.get(path, headers=other_user.headers).get_json()["messages"]
    assert shown[1]["citations"][0]["document_id"] == mine["id"]
    assert shown[1]["citations"][0]["document_deleted"] is False
    assert shown[2]["usage"] == {"input_tokens": 120, "output_tokens": 30}


def test_conversations_of_other_programs_are_taken_in_and_can_be_opened(
    client: FlaskClient, user: Person
) -> None:
    data = json.dumps([lighthouse_chat(), claude_chat()]).encode()
    for imported in (2, 0):
        report = client.post(
            "/api/conversations/import", **form(data, "conversations.json"), headers=user.headers
        ).get_json()
        assert (report["imported"], report["skipped"]) == (imported, 2 - imported)
    items = client.get("/api/conversations", headers=user.headers).get_json()["items"]
    assert [item["title"] for item in items] == ["Keepers of the tower", "Lighthouses"]
    path = f"/api/conversations/{items[1]['id']}"
    assert len(client.get(path, headers=user.headers).get_json()["messages"]) == 7


@pytest.mark.parametrize("path", ["/api/account/import", "/api/conversations/import"])
def test_a_bad_file_is_refused_and_leaves_nothing_behind(
    client: FlaskClient, user: Person, config: Config, path: str
) -> None:
    response = client.post(path, **form(b"hello", "x.zip"), headers=user.headers)
    assert response.status_code == 422
    assert response.get_json()["error"]["code"] == "import_refused"
    assert client.post(path, headers=user.headers).status_code == 422
    assert client.post(path, **form(b"", "x"), headers=user.headers).status_code == 422
    assert stored_files(config) == []


def test_nobody_exports_or_imports_without_logging_in(client: FlaskClient) -> None:
    assert client.get("/api/account/export").status_code == 401
    assert client.post("/api/account/import", **form(b"x", "x")).status_code == 401
    assert client.post("/api/conversations/import", **form(b"x", "x")).status_code == 401
