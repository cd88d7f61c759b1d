"""Documents over HTTP: from the upload to the deletion."""

import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backend.app import create_app, get_services
from backend.config import Config
from backend.db.session import Database
from backend.ingest.worker import drain
from conftest import Person
from pdf_maker import make_pdf


def form(data: bytes, name: str) -> dict[str, Any]:
    """Return a form with one file, as a browser sends it."""
    quoted = name.replace('"', "%22").encode()
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n' % quoted
    return {
        "data": head + data + b"\r\n--x--\r\n",
        "content_type": "multipart/form-data; boundary=x",
    }


@pytest.fixture
def upload(client: FlaskClient, user: Person) -> Callable[..., TestResponse]:
    """Return a function that uploads bytes under a name."""

    def send(data: bytes, name: str = "report.pdf", person: Person = user) -> TestResponse:
        return client.post("/api/documents", **form(data, name), headers=person.headers)

    return send


@pytest.fixture
def document_id(upload: Callable[..., TestResponse], pdf: bytes) -> str:
    """An uploaded document that waits."""
    found: str = upload(pdf).get_json()["document"]["id"]
    return found


@pytest.fixture
def read_document_id(document_id: str, config: Config, database: Database) -> str:
    """An uploaded document that has been taken in."""
    drain(config, database)
    return document_id


def stored_files(config: Config) -> list[Path]:
    return [path for path in config.files_dir.rglob("*") if path.is_file()]


def test_an_upload_is_stored_and_queued(
    upload: Callable[..., TestResponse], pdf: bytes, config: Config
) -> None:
    response = upload(pdf, "Bericht Größe.pdf")
    assert response.status_code == 202
    document = response.get_json()["document"]
    assert document["filename"] == "Bericht Größe.pdf"
    assert document["media_type"] == "application/pdf"
    assert document["size_bytes"] == len(pdf)
    assert document["status"] == "queued"
    assert document["searchable"] is False
    assert document["progress"] is document["error"] is document["ready_at"] is None
    assert document["created_at"].endswith("+00:00")
    assert [path.read_bytes() for path in stored_files(config)] == [pdf]


def test_the_same_bytes_again_are_the_same_document(
    upload: Callable[..., TestResponse], pdf: bytes, config: Config
) -> None:
    first = upload(pdf, "one.pdf")
    second = upload(pdf, "two.pdf")
    assert (first.status_code, second.status_code) == (202, 200)
    assert second.get_json() == first.get_json()
    assert len(stored_files(config)) == 1


def test_the_same_bytes_of_two_users_are_two_documents_and_one_file(
    upload: Callable[..., TestResponse], pdf: bytes, config: Config, other_user: Person
) -> None:
    mine, theirs = upload(pdf), upload(pdf, person=other_user)
    assert theirs.status_code == 202
    assert mine.get_json()["document"]["id"] != theirs.get_json()["document"]["id"]
    assert len(stored_files(config)) == 1


def test_a_name_is_shown_but_never_used_as_a_path(
    upload: Callable[..., TestResponse], pdf: bytes, config: Config
) -> None:
    response = upload(pdf, "../../../etc/passwd\u202e.pdf")
    assert "/" not in response.get_json()["document"]["filename"]
    assert all(config.files_dir in path.parents for path in stored_files(config))


def test_an_upload_of_many_blocks_arrives_whole(
    upload: Callable[..., TestResponse], config: Config
) -> None:
    # Line ends and dashes look like the beginning of a boundary.
    text = b"\r\n--\r\n-- a line\r\r\n\n" * 60_000
    response = upload(text, "lines.txt")
    assert response.status_code == 202
    assert [path.read_bytes() for path in stored_files(config)] == [text]


def test_a_large_upload_is_answered_soon_after_its_last_byte(
    client: FlaskClient, user: Person
) -> None:
    body = form(b"A line of text that says nothing.\n" * 600_000, "a.txt")["data"]  # 20 MB
    last_byte_at = 0.0

    source = io.BytesIO(body)

    class Watched:
        def read(self, size: int = -1, /) -> bytes:
            nonlocal last_byte_at
            data = source.read(size)
            if data:
                last_byte_at = time.monotonic()
            return data

    environ = {
        "CONTENT_TYPE": "multipart/form-data; boundary=x",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": Watched(),
    }
    response = client.post("/api/documents", headers=user.headers, environ_overrides=environ)
    assert response.status_code == 202
    assert time.monotonic() - last_byte_at < 2  # 0.2 s where the disk is not shared


def test_an_empty_file_is_refused(upload: Callable[..., TestResponse], config: Config) -> None:
    response = upload(b"", "empty.pdf")
    assert response.status_code == 422
    assert response.get_json()["error"]["details"] == {"file": "The file is empty."}
    assert stored_files(config) == []


def test_a_type_nobody_can_read_is_refused_by_its_content(
    upload: Callable[..., TestResponse], config: Config
) -> None:
    response = upload(b"\x89PNG\r\n\x1a\n" + bytes(100), "picture.pdf")
    assert response.status_code == 415
    assert response.get_json()["error"]["code"] == "unsupported_media_type"
    assert stored_files(config) == []


def test_a_file_over_the_limit_is_refused(config: Config, database: Database, user: Person) -> None:
    app = create_app(config.model_copy(update={"max_upload_mb": 1}))
    client = app.test_client()
    for size in (1024 * 1024 + 1, 3 * 1024 * 1024):
        body = form(b"a" * size, "large.txt")
        response = client.post("/api/documents", **body, headers=user.headers)
        assert response.status_code == 413
        assert response.get_json()["error"]["code"] == "too_large"
    assert stored_files(config) == []
    body = form(b"a" * 1024 * 1024, "large.txt")
    response = client.post("/api/documents", **body, headers=user.headers)
    assert response.status_code == 202
    get_services(app).stop()


class Unread(io.RawIOBase):
    """A body of which nobody may read more than a little."""

    def __init__(self, begin: bytes, allowed: int) -> None:
        self.sent = 0
        self._begin = begin
        self._allowed = allowed

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        size = 65_536 if size < 0 else size
        self.sent += size
        assert self.sent <= self._allowed, "the server reads a body it has to refuse"
        if self._begin:
            begin, self._begin = self._begin[:size], self._begin[size:]
            return begin
        return b"a" * size

    def readinto(self, buffer: object) -> int:
        data = self.read(len(buffer))  # type: ignore[arg-type]
        buffer[: len(data)] = data  # type: ignore[index]
        return len(data)


@pytest.mark.parametrize("content_length", ["10000000000", None])
def test_a_body_over_the_limit_is_not_read_to_its_end(
    config: Config, database: Database, user: Person, content_length: str | None
) -> None:
    app = create_app(config.model_copy(update={"max_upload_mb": 1}))
    begin = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
    body = Unread(begin, allowed=0 if content_length else 4 * 1024 * 1024)
    environ: dict[str, object] = {"CONTENT_LENGTH": content_length} if content_length else {}
    environ["CONTENT_TYPE"] = "multipart/form-data; boundary=x"
    environ["wsgi.input"] = body
    environ["wsgi.input_terminated"] = content_length is None
    response = app.test_client().post(
        "/api/documents", headers=user.headers, environ_overrides=environ
    )
    assert response.status_code == 413
    assert stored_files(config) == []
    get_services(app).stop()


PART = b'--x\r\nContent-Disposition: form-data; name="%s"; filename="a.txt"\r\n\r\nhello\r\n'


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", "multipart/form-data; boundary=x", 422),
        (b"hello", "text/plain", 422),
        (b'{"file": "hello"}', "application/json", 422),
        (b"--x--\r\n", "multipart/form-data", 422),
        (b"--x--\r\n", "multipart/form-data; boundary=x", 422),
        (PART % b"other" + b"--x--\r\n", "multipart/form-data; boundary=x", 422),
        (PART % b"file", "multipart/form-data; boundary=x", 400),
        (PART % b"file" + b"--x", "multipart/form-data; boundary=x", 400),
        (b"--x\r\nNo-Disposition: 1\r\n\r\nhello\r\n--x--", "multipart/form-data; boundary=x", 400),
        (b"--x\r\n\xff\xfe: 1\r\n\r\nhello\r\n--x--", "multipart/form-data; boundary=x", 400),
        (b"--x\r\n" + b"a" * 70_000, "multipart/form-data; boundary=x", 400),
        (PART % b"other" * 20, "multipart/form-data; boundary=x", 413),
    ],
)
def test_a_body_that_is_no_upload_is_refused(
    client: FlaskClient, user: Person, config: Config, body: bytes, content_type: str, status: int
) -> None:
    response = client.post(
        "/api/documents", data=body, content_type=content_type, headers=user.headers
    )
    assert response.status_code == status
    assert set(response.get_json()) == {"error"}
    assert stored_files(config) == []


def test_other_fields_around_the_file_do_no_harm(client: FlaskClient, user: Person) -> None:
    field = b'--x\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n'
    response = client.post(
        "/api/documents",
        data=field + PART % b"file" + field + b"--x--\r\n",
        content_type="multipart/form-data; boundary=x",
        headers=user.headers,
    )
    assert response.status_code == 202
    assert response.get_json()["document"]["size_bytes"] == 5


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
    beyond = client.get(path, headers={**user.headers, "Range": "bytes=9999999-"})
    assert beyond.status_code == 416
    assert set(beyond.get_json()) == {"error"}
    unchanged = {**user.headers, "If-None-Match": whole.headers["ETag"]}
    assert client.get(path, headers=unchanged).status_code == 304
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
    assert client.get("/api/search?q=...", headers=user.headers).get_json() == {"items": []}


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
