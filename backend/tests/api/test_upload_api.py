"""Uploads: whole, once, within the limit, and nothing left of those that are refused."""

import io
import time
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backend.app import create_app, get_services
from backend.config import Config
from backend.db.session import Database
from people import Person
from uploads import form, stored_files


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
    response = upload(b"GIF89a" + bytes(100), "picture.pdf")
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
        assert "1 MiB" in response.get_json()["error"]["message"]
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


def test_the_same_bytes_again_put_a_lost_original_back(
    config: Config, upload: Callable[..., TestResponse], pdf: bytes
) -> None:
    upload(pdf)
    (path,) = stored_files(config)
    path.unlink()
    assert upload(pdf).status_code == 200
    assert path.read_bytes() == pdf
