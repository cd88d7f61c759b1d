"""A provider's key leaves the server towards that provider alone."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from backend.app import get_services
from backend.config import Config
from backend.db.session import Database
from backend.errors import ApiKeyMissing
from backend.llm.base import Credentials
from backend.logging_config import configure_logging
from counting_server import CountingServer, run_counting_server
from people import Person

KEY = "sk-secret-Kq7vW2xY9zA4bC6d"


@pytest.fixture
def server() -> Iterator[CountingServer]:
    with run_counting_server() as running:
        yield running


def store_key(client: FlaskClient, user: Person, base_url: str) -> str:
    response = client.put(
        "/api/settings/api-keys/custom",
        json={"key": KEY, "base_url": base_url},
        headers=user.headers,
    )
    assert response.status_code == 200
    return response.text


def ask(app: APIFlask, client: FlaskClient, user: Person) -> str:
    """Ask and return everything that the socket was told."""
    response = client.post("/api/conversations", json={}, headers=user.headers)
    conversation_id = response.get_json()["conversation"]["id"]
    socket = app.extensions["socketio"].test_client(app, auth={"token": user.token})
    question = {"conversation_id": conversation_id, "message": "How?", "model": "custom:counted"}
    ack = socket.emit("chat_message", question, callback=True)
    assert ack["ok"], ack
    for thread in threading.enumerate():
        if thread.name == "answer":
            thread.join(20)
    told = f"{ack} {socket.get_received()}"
    socket.disconnect()
    return told + client.get(f"/api/conversations/{conversation_id}", headers=user.headers).text


def readable(response: TestResponse) -> str:
    """Return the body as text, of an archive all its files."""
    if response.content_type != "application/zip":
        return response.text
    with ZipFile(BytesIO(response.data)) as archive:
        return "\n".join(archive.read(name).decode(errors="replace") for name in archive.namelist())


def every_answer(app: APIFlask, client: FlaskClient, user: Person) -> str:
    """Return what all GET routes without parameters say, with and without a session."""
    said = []
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not rule.arguments:
            for headers in (user.headers, {}):
                response = client.get(rule.rule, headers=headers)
                said.append(f"{rule.rule} {response.headers} {readable(response)}")
                response.close()
    assert any("/api/settings/api-keys" in each and '"hint":"bC6d"' in each for each in said)
    return "\n".join(said)


def logged(config: Config) -> str:
    return "\n".join(path.read_text() for path in Path(config.log_dir).glob("*.log"))


def test_a_key_is_in_no_answer_no_event_no_log_and_not_in_the_database(
    app: APIFlask,
    client: FlaskClient,
    user: Person,
    config: Config,
    database: Database,
    server: CountingServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    configure_logging(config.model_copy(update={"log_level": "DEBUG"}), process="server")
    shown = [
        store_key(client, user, server.base_url),
        ask(app, client, user),
        every_answer(app, client, user),
    ]
    assert server.requests, "the provider was never asked"
    server.window = 1  # it refuses from now on
    shown.append(ask(app, client, user))
    for provider in ("openai", "custom"):
        for body in ({"key": f"{KEY} x"}, {"key": KEY, "base_url": "ftp://x"}, {"key": [KEY]}):
            path = f"/api/settings/api-keys/{provider}"
            response = client.put(path, json=body, headers=user.headers)
            assert response.status_code == 422
            shown.append(response.text)
    with database.db_transaction() as session:
        session.execute(text("UPDATE api_keys SET key_encrypted = :junk"), {"junk": b"junk"})
    shown.append(ask(app, client, user))
    shown.append(every_answer(app, client, user))
    assert "api_key_missing" in shown[-2]
    assert "Enter the key again" in shown[-2]
    log = logged(config)
    assert "answer failed" in log
    for told in (*shown, caplog.text, log):
        assert KEY not in told
    for path in config.data_dir.rglob("*"):
        if path.is_file():
            assert KEY.encode() not in path.read_bytes(), path


def test_a_key_is_in_no_exceptions_text(app: APIFlask) -> None:
    box = get_services(app)._secret_box
    encrypted = box.encrypt(KEY)
    assert KEY.encode() not in encrypted
    with pytest.raises(ApiKeyMissing) as problem:
        box.decrypt(encrypted[:-4])
    assert KEY not in f"{problem.value!r} {problem.value.to_wire()}"
    assert KEY not in repr(Credentials(KEY)) + repr(box)


class _Echo(BaseHTTPRequestHandler):
    """Refuses everything and repeats the key it was sent, as some gateways do."""

    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._refuse()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._refuse()

    def _refuse(self) -> None:
        data = f'{{"error": {{"message": "{self.headers["Authorization"]} is wrong"}}}}'.encode()
        self.send_response(401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def test_a_provider_that_repeats_the_key_does_not_get_it_shown(
    app: APIFlask,
    client: FlaskClient,
    user: Person,
    server: CountingServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    store_key(client, user, server.base_url)
    echo = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    thread = threading.Thread(target=echo.serve_forever, args=(0.05,))
    thread.start()
    try:
        with get_services(app).database.db_transaction() as session:
            session.execute(
                text("UPDATE api_keys SET base_url = :url"),
                {"url": f"http://127.0.0.1:{echo.server_address[1]}/v1"},
            )
        shown = ask(app, client, user) + every_answer(app, client, user)
    finally:
        echo.shutdown()
        echo.server_close()
        thread.join()
    assert "provider_auth" in shown
    assert KEY not in shown
    assert KEY not in caplog.text
