"""Archives over HTTP: sent like any file, deleted with what came from them."""

from collections.abc import Callable
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backend.app import get_services
from backend.config import Config
from backend.db.session import Database
from backend.ingest.worker import drain
from people import Person
from uploads import stored_files
from zip_maker import make_archive

Upload = Callable[..., TestResponse]
FILES = {f"{word}/README.txt": f"The {word} stands on a rock." for word in ("lamp", "lens")}


@pytest.fixture
def archive_id(upload: Upload, config: Config, database: Database) -> str:
    """An archive of two files that has been unpacked."""
    response = upload(make_archive(FILES), "lights.zip")
    assert response.status_code == 202
    document = response.get_json()["document"]
    assert (document["media_type"], document["archive_id"]) == ("application/zip", None)
    drain(config, database)
    found: str = document["id"]
    return found


@pytest.fixture
def listed(client: FlaskClient, user: Person) -> Callable[[], dict[str, Any]]:
    """Return a function that returns the user's documents by their names."""

    def read() -> dict[str, Any]:
        items = client.get("/api/documents", headers=user.headers).get_json()["items"]
        return {item["filename"]: item for item in items}

    return read


def test_what_came_from_an_archive_names_it(
    archive_id: str, listed: Callable[[], dict[str, Any]]
) -> None:
    documents = listed()
    assert set(documents) == {"lights.zip", *FILES}
    assert all(documents[name]["archive_id"] == archive_id for name in FILES)
    assert {item["status"] for item in documents.values()} == {"ready"}


def test_an_archives_pages_say_what_became_of_its_files(
    archive_id: str, client: FlaskClient, user: Person
) -> None:
    page = client.get(f"/api/documents/{archive_id}/pages/1", headers=user.headers).get_json()
    assert page["text"].startswith("Files in lights.zip: 2. Of these 2 taken in.")
    assert "lamp/README.txt (taken in)" in page["text"]


def test_a_file_from_an_archive_is_saved_without_its_folders(
    archive_id: str, client: FlaskClient, user: Person, listed: Callable[[], dict[str, Any]]
) -> None:
    document_id = listed()["lamp/README.txt"]["id"]
    response = client.get(f"/api/documents/{document_id}/file", headers=user.headers)
    assert response.data == FILES["lamp/README.txt"].encode()
    assert response.headers["Content-Disposition"] == "inline; filename=README.txt"
    response.close()


def test_deleting_an_archive_tells_of_each_document_that_goes(
    app: APIFlask,
    archive_id: str,
    client: FlaskClient,
    user: Person,
    config: Config,
    listed: Callable[[], dict[str, Any]],
) -> None:
    expected = {item["id"] for item in listed().values()}
    page = app.extensions["socketio"].test_client(app, auth={"token": user.token})
    response = client.delete(f"/api/documents/{archive_id}", headers=user.headers)
    assert response.status_code == 204
    told = page.get_received()
    page.disconnect()
    assert {event["name"] for event in told} == {"document_deleted"}
    assert {event["args"][0]["document_id"] for event in told} == expected
    assert listed() == {}
    get_services(app).search.drain()
    assert stored_files(config) == []


def test_a_file_that_is_uploaded_by_itself_too_outlives_the_archive(
    archive_id: str,
    client: FlaskClient,
    user: Person,
    upload: Upload,
    listed: Callable[[], dict[str, Any]],
) -> None:
    again = upload(FILES["lamp/README.txt"].encode(), "lamp.txt")
    assert again.status_code == 200
    assert again.get_json()["document"]["archive_id"] is None
    client.delete(f"/api/documents/{archive_id}", headers=user.headers)
    assert set(listed()) == {"lamp/README.txt"}


def test_the_archive_sent_again_is_recognised(
    upload: Upload, config: Config, database: Database, listed: Callable[[], dict[str, Any]]
) -> None:
    content = make_archive(FILES)
    first = upload(content, "lights.zip")
    drain(config, database)
    again = upload(content, "copy.zip")
    assert again.status_code == 200
    assert again.get_json()["document"]["id"] == first.get_json()["document"]["id"]
    assert set(listed()) == {"lights.zip", *FILES}


def test_other_users_see_nothing_of_it(
    archive_id: str, client: FlaskClient, other_user: Person
) -> None:
    answer = client.get("/api/documents", headers=other_user.headers).get_json()
    assert answer["items"] == []
    response = client.delete(f"/api/documents/{archive_id}", headers=other_user.headers)
    assert response.status_code == 404


def test_the_page_offers_archives_in_its_file_dialog(client: FlaskClient) -> None:
    offered = client.get("/api/config").get_json()["accepted_types"]
    assert {"application/zip", ".zip"} <= set(offered)
