"""Many people who ask at the same time: real Socket.IO clients against a real server process.

Used by tests/api/test_websocket_load.py and scripts/bench/bench_streams.py.
"""

import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import socketio

from backend.auth import sessions
from backend.clock import utc_now
from backend.config import Config, load_config
from backend.db.migrate import upgrade
from backend.db.models import Document, User
from backend.db.repositories import api_keys, conversations
from backend.db.session import create_database
from postgres_server import free_port

DEADLINE_S = 120.0
_TESTS = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Person:
    """A user with a log-in and a conversation."""

    token: str
    conversation_id: str


def prepare_people(config: Config, count: int, provider_url: str) -> list[Person]:
    """Make the database with `count` users who may ask the provider at `provider_url`.

    Each has a document, so that each question is searched for; passages there are none.
    """
    config.data_dir.mkdir(parents=True, exist_ok=True)
    database = create_database(config)
    upgrade(database)
    now = utc_now()
    people = []
    with database.db_transaction() as session:
        for number in range(count):
            name = f"user{number}"
            user = User(
                username=name, username_key=name, password_hash="x", role="user", created_at=now
            )
            session.add(user)
            session.flush()
            session.add(
                Document(
                    user_id=user.id,
                    filename="a.txt",
                    media_type="text/plain",
                    size_bytes=1,
                    sha256=f"{number:064}",
                    status="ready",
                    created_at=now,
                    updated_at=now,
                )
            )
            api_keys.put(
                session,
                user.id,
                "custom",
                key_encrypted=None,
                hint=None,
                base_url=provider_url,
            )
            made = conversations.create(session, user_id=user.id, memory_enabled=True)
            new_session = sessions.begin(session, config, user.id, "load", now)
            people.append(Person(new_session.token, made.id))
    database.close()
    return people


@contextmanager
def run_provider() -> Iterator[str]:
    """Run the fake provider in a process of its own; yield its base URL."""
    code = "import openai_server; openai_server.serve_forever()"
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(_TESTS)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


class MeasuredServer:
    """A running server whose use of connections and memory can be read."""

    def __init__(self, data_dir: Path, log: Path, **settings: str) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._report = data_dir / "report.json"
        environment = {
            **os.environ,
            "PORT": str(port),
            "DATA_DIR": str(data_dir),
            "INGEST_ENABLED": "false",
            "CONVERSATION_TITLE_TIMEOUT_S": "0",
            **settings,
        }
        with log.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(_TESTS / "measured_server.py"), str(self._report)],
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.url}/api/health/ready", timeout=10):
                    return
            except OSError:
                assert self.process.poll() is None, "the server has ended"
                time.sleep(0.1)
        raise TimeoutError("the server did not become ready")

    def report(self) -> dict[str, Any]:
        """Return figures that are at least as new as this call."""
        changed = self._modified()
        while self._modified() == changed:
            time.sleep(0.02)
        report: dict[str, Any] = json.loads(self._report.read_text())
        return report

    def report_at_rest(self) -> dict[str, Any]:
        """Return figures of a moment in which no database connection is in use.

        Background work takes one for an instant now and then; one that leaked never comes back.

        Raises:
            TimeoutError: there was no such moment.
        """
        for _ in range(100):
            report = self.report()
            if report["checked_out_now"] == 0:
                return report
        raise TimeoutError("a database connection was never given back")

    def _modified(self) -> int:
        try:
            return self._report.stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def __enter__(self) -> "MeasuredServer":
        self.wait_until_ready()
        return self

    def __exit__(self, *_error: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass
class Client:
    """One connection. Checks by itself that the pieces fit together."""

    person: Person
    socket: socketio.Client = field(
        default_factory=lambda: socketio.Client(reconnection=False, logger=False)
    )
    text: str = ""
    problem: str | None = None
    first_text_s: float = 0.0
    asked_at_s: float = 0.0
    ended: threading.Event = field(default_factory=threading.Event)

    def connect(self, url: str) -> None:
        self.socket.on("chat_response_start", self._on_start)
        self.socket.on("chat_response_chunk", self._on_chunk)
        self.socket.on("chat_response_end", self._on_end)
        self.socket.on("chat_response_error", self._on_error)
        self.socket.connect(
            url,
            auth={"token": self.person.token},
            transports=["websocket"],
            wait_timeout=DEADLINE_S,
        )

    def ask(self, model: str) -> None:
        self.ended.clear()
        self.asked_at_s = time.monotonic()
        ack = self.socket.call(
            "chat_message",
            {
                "conversation_id": self.person.conversation_id,
                "message": "How high is the lighthouse?",
                "model": model,
            },
            timeout=DEADLINE_S,
        )
        if not ack["ok"]:
            self._fail(str(ack["error"]))

    def disconnect(self) -> None:
        self.socket.disconnect()

    def _on_start(self, data: dict[str, Any]) -> None:
        self.text, self.first_text_s = "", 0.0

    def _on_chunk(self, data: dict[str, Any]) -> None:
        self.first_text_s = self.first_text_s or time.monotonic() - self.asked_at_s
        if data["offset"] != len(self.text):
            self._fail(f"offset {data['offset']} after {len(self.text)} characters")
        self.text += data["text"]

    def _on_end(self, data: dict[str, Any]) -> None:
        message = data["message"]
        if message["status"] != "complete" or message["content"] != self.text:
            self._fail(f"{message['status']}: {message['content']!r} instead of {self.text!r}")
        self.ended.set()

    def _on_error(self, data: dict[str, Any]) -> None:
        self._fail(str(data["error"]))

    def _fail(self, problem: str) -> None:
        self.problem = self.problem or problem
        self.ended.set()


def on_each(clients: Sequence[Client], action: Any) -> None:
    """Call `action(client)` for all clients at the same time."""

    def run(client: Client) -> None:
        try:
            action(client)
        except Exception as error:  # noqa: BLE001 - kept with the client, shown by the caller
            client.problem = client.problem or repr(error)

    threads = [threading.Thread(target=run, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def ask_all(clients: Sequence[Client], model: str) -> float:
    """Let every client ask and wait for all answers; return how many seconds it took."""
    began = time.monotonic()
    on_each(clients, lambda client: client.ask(model))
    deadline = time.monotonic() + DEADLINE_S
    for client in clients:
        if not client.ended.wait(max(0.0, deadline - time.monotonic())):
            client.problem = client.problem or "no end"
    return time.monotonic() - began


@contextmanager
def run_house(
    folder: Path, people_count: int, **settings: str
) -> Iterator[tuple[MeasuredServer, list[Client]]]:
    """Run provider and server and connect one client for each of `people_count` users."""
    data_dir = folder / "data"
    with run_provider() as provider_url:
        people = prepare_people(load_config(data_dir=data_dir), people_count, provider_url)
        with MeasuredServer(data_dir, folder / "server.log", **settings) as server:
            clients = [Client(person) for person in people]
            on_each(clients, lambda client: client.connect(server.url))
            try:
                yield server, clients
            finally:
                on_each(clients, Client.disconnect)
