"""Documents over HTTP: from the upload to the deletion."""

from collections.abc import Callable

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backend.app import get_services
from backend.config import Config
from backend.db.session import Database
from backend.ingest.worker import drain
from pdf_maker import make_pdf
from people import Person
from uploads import stored_files


def test_documents_are_listed_page_by_page_the_newest_first(
    client: FlaskClient, user: Person, other_user: Person, upload: Callable[..., TestResponse]
) -> None:
    for number in range(5):
        upload(f"text {number}".encode(), f"{number}.txt")
    upload(b"foreign", "foreign.txt", person=other_user)
    names, cursor = [], ""
    while cursor is not None:
        query = f"?limit=2&cursor={cursor}" if cursor else "?limit=2"
        page = client.get(f"/api/documents{query}", headers=user.headers).get_json()
        names += [item["filename"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert names == ["4.txt", "3.txt", "2.txt", "1.txt", "0.txt"]


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "cursor=%00"])
def test_a_list_query_out_of_range_is_named(client: FlaskClient, user: Person, query: str) -> None:
    response = client.get(f"/api/documents?{query}", headers=user.headers)
    assert response.status_code == 422
    assert set(response.get_json()["error"]["details"]) == {query.split("=")[0]}


def test_a_document_taken_in_shows_its_pages_and_size(
    client: FlaskClient, user: Person, read_document_id: str
) -> None:
    path = f"/api/documents/{read_document_id}"
    document = client.get(path, headers=user.headers).get_json()["document"]
    assert document["status"] == "ready"
    assert document["page_count"] == 3
    assert document["chunk_count"] >= 1
    assert document["ready_at"].endswith("+00:00")
    page = client.get(f"{path}/pages/1", headers=user.headers).get_json()
    assert page["page"] == 1
    assert "77 metres high" in page["text"]
    assert client.get(f"{path}/pages/4", headers=user.headers).status_code == 404


@pytest.mark.parametrize("number", ["0", "-1", "x", "99999999999999999999"])
def test_a_page_that_cannot_be_is_not_found(
    client: FlaskClient, user: Person, document_id: str, number: str
) -> None:
    path = f"/api/documents/{document_id}/pages/{number}"
    assert client.get(path, headers=user.headers).status_code == 404


def test_highlights_are_fractions_of_the_page(
    client: FlaskClient, user: Person, read_document_id: str
) -> None:
    path = f"/api/documents/{read_document_id}"
    text = client.get(f"{path}/pages/1", headers=user.headers).get_json()["text"]
    start = text.index("77 metres")
    query = f"page=1&start={start}&end={start + 9}"
    found = client.get(f"{path}/highlights?{query}", headers=user.headers).get_json()
    assert found["page"] == 1
    assert found["width"] > 100
    assert found["height"] > 100
    (box,) = found["boxes"]
    assert set(box) == {"x", "y", "width", "height"}
    assert 0 <= box["x"] < box["x"] + box["width"] <= 1
    assert 0 <= box["y"] < box["y"] + box["height"] <= 1
    empty = client.get(f"{path}/highlights?page=1&start=3&end=3", headers=user.headers)
    assert empty.get_json()["boxes"] == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("page=1&start=5&end=4", 422),
        ("page=1&start=0&end=100000", 422),
        ("page=1&start=-1&end=4", 422),
        ("page=x&start=0&end=4", 422),
        ("page=1&start=0&end=99999999999999999999", 422),
        ("page=1", 422),
        ("page=9&start=0&end=1", 404),
    ],
)
def test_highlights_outside_of_the_text_are_refused(
    client: FlaskClient, user: Person, read_document_id: str, query: str, status: int
) -> None:
    path = f"/api/documents/{read_document_id}/highlights?{query}"
    assert client.get(path, headers=user.headers).status_code == status


def test_plain_text_has_no_highlights_but_its_page(
    client: FlaskClient,
    user: Person,
    upload: Callable[..., TestResponse],
    config: Config,
    database: Database,
) -> None:
    document_id = upload(b"A lighthouse shows the way.", "note.txt").get_json()["document"]["id"]
    drain(config, database)
    path = f"/api/documents/{document_id}/highlights?page=1&start=2&end=12"
    found = client.get(path, headers=user.headers).get_json()
    assert found == {"page": 1, "width": None, "height": None, "boxes": []}


def test_the_original_is_sent_whole_or_in_ranges(
    client: FlaskClient, user: Person, document_id: str, pdf: bytes
) -> None:
    path = f"/api/documents/{document_id}/file"
    whole = client.get(path, headers=user.headers, buffered=True)
    assert whole.data == pdf
    assert whole.headers["Accept-Ranges"] == "bytes"
    range_headers = {**user.headers, "Range": "bytes=5-14"}
    part = client.get(path, headers=range_headers, buffered=True)
    assert part.status_code == 206
    assert part.data == pdf[5:15]
    assert part.headers["Content-Range"] == f"bytes 5-14/{len(pdf)}"
    range_headers = {**user.headers, "Range": "bytes=9999999-"}
    beyond = client.get(path, headers=range_headers, buffered=True)
    assert beyond.status_code == 416
    assert set(beyond.get_json()) == {"error"}
    unchanged = {**user.headers, "If-None-Match": whole.headers["ETag"]}
    assert client.get(path, headers=unchanged, buffered=True).status_code == 304
    head = client.head(path, headers=user.headers, buffered=True)
    assert head.content_length == len(pdf)


def test_the_original_cannot_run_anything_in_the_page(
    client: FlaskClient,
    user: Person,
    document_id: str,
    upload: Callable[..., TestResponse],
) -> None:
    path = f"/api/documents/{document_id}/file"
    pdf_file = client.get(path, headers=user.headers, buffered=True)
    assert pdf_file.headers["Content-Disposition"].startswith("inline")
    html = b"<!doctype html><html><script>alert(1)</script>\n# x\n# y\n[a](b)\n"
    sent = upload(html, 'x".html;.md').get_json()["document"]
    path = f"/api/documents/{sent['id']}/file"
    file = client.get(path, headers=user.headers, buffered=True)
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert file.content_type == "application/octet-stream"
    for response in (pdf_file, file):
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in response.headers["Content-Security-Policy"]


def test_the_originals_name_survives_in_any_script(
    client: FlaskClient, user: Person, upload: Callable[..., TestResponse], pdf: bytes
) -> None:
    document_id = upload(pdf, "年度报告 “x”.pdf").get_json()["document"]["id"]
    path = f"/api/documents/{document_id}/file"
    response = client.get(path, headers=user.headers, buffered=True)
    disposition = response.headers["Content-Disposition"]
    assert "filename*=UTF-8''%E5%B9%B4%E5%BA%A6" in disposition
    assert disposition.isascii()


def test_a_missing_original_is_not_found(
    client: FlaskClient, user: Person, document_id: str, config: Config
) -> None:
    for path in stored_files(config):
        path.unlink()
    response = client.get(f"/api/documents/{document_id}/file", headers=user.headers)
    assert response.status_code == 404
    assert set(response.get_json()) == {"error"}


def test_canceling_and_retrying(
    client: FlaskClient, user: Person, document_id: str, config: Config, database: Database
) -> None:
    path = f"/api/documents/{document_id}"
    canceled = client.post(f"{path}/cancel", headers=user.headers)
    assert canceled.get_json()["document"]["status"] == "canceled"
    assert drain(config, database) == 0
    retried = client.post(f"{path}/retry", headers=user.headers)
    assert retried.get_json()["document"]["status"] == "queued"
    assert drain(config, database) == 1


def test_a_damaged_document_says_why_it_failed(
    client: FlaskClient,
    user: Person,
    upload: Callable[..., TestResponse],
    config: Config,
    database: Database,
) -> None:
    document_id = upload(b"%PDF-1.7\nthis is no PDF").get_json()["document"]["id"]
    drain(config, database)
    response = client.get(f"/api/documents/{document_id}", headers=user.headers)
    document = response.get_json()["document"]
    assert document["status"] == "failed"
    assert document["error"]["code"] == "document_unreadable"
    assert document["error"]["message"].endswith(".")


def test_a_deleted_document_is_gone_at_once_and_its_file_soon(
    app: APIFlask, client: FlaskClient, user: Person, document_id: str, config: Config
) -> None:
    path = f"/api/documents/{document_id}"
    response = client.delete(path, headers=user.headers)
    assert (response.status_code, response.data) == (204, b"")
    for suffix in ("", "/file", "/pages/1", "/highlights?page=1&start=0&end=1"):
        assert client.get(path + suffix, headers=user.headers).status_code == 404
    assert client.delete(path, headers=user.headers).status_code == 404
    assert client.get("/api/documents", headers=user.headers).get_json()["items"] == []
    get_services(app).search.drain()
    assert stored_files(config) == []


def test_a_deleted_document_can_be_uploaded_anew(
    client: FlaskClient,
    user: Person,
    document_id: str,
    upload: Callable[..., TestResponse],
    pdf: bytes,
) -> None:
    client.delete(f"/api/documents/{document_id}", headers=user.headers)
    response = upload(pdf)
    assert response.status_code == 202
    assert response.get_json()["document"]["id"] != document_id


def test_a_deletion_is_told_to_the_users_open_pages_only(
    app: APIFlask, client: FlaskClient, user: Person, other_user: Person, document_id: str
) -> None:
    socketio = app.extensions["socketio"]
    mine = socketio.test_client(app, auth={"token": user.token})
    theirs = socketio.test_client(app, auth={"token": other_user.token})
    client.delete(f"/api/documents/{document_id}", headers=user.headers)
    assert [(event["name"], event["args"]) for event in mine.get_received()] == [
        ("document_deleted", [{"document_id": document_id}])
    ]
    assert theirs.get_received() == []
    mine.disconnect()
    theirs.disconnect()


@pytest.mark.parametrize(
    ("method", "suffix"),
    [
        ("GET", ""),
        ("GET", "/file"),
        ("GET", "/pages/1"),
        ("GET", "/highlights?page=1&start=0&end=1"),
        ("POST", "/cancel"),
        ("POST", "/retry"),
        ("DELETE", ""),
    ],
)
def test_somebody_elses_document_does_not_exist(
    client: FlaskClient, other_user: Person, read_document_id: str, method: str, suffix: str
) -> None:
    for document_id in (read_document_id, "00000000-0000-7000-8000-000000000000"):
        response = client.open(
            f"/api/documents/{document_id}{suffix}", method=method, headers=other_user.headers
        )
        assert response.status_code == 404
        assert response.get_json()["error"]["code"] == "not_found"


def test_a_search_finds_the_sentence_and_its_page(
    app: APIFlask, client: FlaskClient, user: Person, other_user: Person, read_document_id: str
) -> None:
    get_services(app).search.drain()
    path = "/api/search?q=how+high+is+the+lighthouse&kind=documents&limit=1"
    (item,) = client.get(path, headers=user.headers).get_json()["items"]
    assert item["kind"] == "document"
    assert "77 metres" in item["quote"]
    assert item["document"]["id"] == read_document_id
    page_path = f"/api/documents/{read_document_id}/pages/{item['page']}"
    text = client.get(page_path, headers=user.headers).get_json()["text"]
    assert text[item["start"] : item["end"]] == item["quote"]
    assert client.get(path, headers=other_user.headers).get_json() == {"items": []}
    messages = client.get("/api/search?q=lighthouse&kind=messages", headers=user.headers)
    assert messages.get_json() == {"items": []}
    for nothing in ("...", "quantum+chemistry"):
        found = client.get(f"/api/search?q={nothing}&kind=documents", headers=user.headers)
        assert found.get_json() == {"items": []}


@pytest.mark.parametrize("query", ["", "q=", "q=x&kind=other", "q=x&limit=0", "q=%00"])
def test_a_search_that_is_not_valid_is_refused(
    client: FlaskClient, user: Person, query: str
) -> None:
    assert client.get(f"/api/search?{query}", headers=user.headers).status_code == 422


def test_two_documents_with_one_file_keep_it_until_both_are_gone(
    app: APIFlask,
    client: FlaskClient,
    user: Person,
    other_user: Person,
    upload: Callable[..., TestResponse],
    config: Config,
) -> None:
    data = make_pdf(["Shared by two."])
    mine = upload(data).get_json()["document"]["id"]
    theirs = upload(data, person=other_user).get_json()["document"]["id"]
    client.delete(f"/api/documents/{mine}", headers=user.headers)
    get_services(app).search.drain()
    assert len(stored_files(config)) == 1
    path = f"/api/documents/{theirs}/file"
    response = client.get(path, headers=other_user.headers, buffered=True)
    assert response.data == data
    client.delete(f"/api/documents/{theirs}", headers=other_user.headers)
    get_services(app).search.drain()
    assert stored_files(config) == []
