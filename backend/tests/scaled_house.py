"""Two servers on one PostgreSQL and one Redis, a person, and a local provider."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import socketio

from backend.db.session import Database
from openai_server import OpenAIServer, run_openai_server
from server_process import ServerProcess

ACCOUNT = {"username": "ada", "password": "correct horse battery"}
DEADLINE_S = 40


@dataclass
class Page:
    """A connection that keeps what it receives of answers, as the page does."""

    client: socketio.Client = field(default_factory=lambda: socketio.Client(reconnection=False))
    text: str = ""
    ends: list[dict[str, Any]] = field(default_factory=list)
    _pending: dict[int, str] = field(default_factory=dict)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def connect(self, url: str, token: str) -> None:
        self.client.on("chat_response_chunk", self._on_chunk)
        self.client.on("chat_response_end", self._on_end)
        self.client.on("chat_response_error", self._on_end)
        self.client.connect(url, auth={"token": token}, transports=["websocket"])

    def call(self, event: str, **data: Any) -> dict[str, Any]:
        ack: dict[str, Any] = self.client.call(event, data, timeout=DEADLINE_S)
        assert ack.pop("ok"), ack
        return ack

    def resume(self, message_id: str) -> None:
        """Take over the text so far, then what came meanwhile."""
        message = self.call("chat_resume", message_id=message_id)["message"]
        with self._changed:
            self.text = max(self.text, message["content"], key=len)
            self._take_pending()

    def wait_for_text(self, text: str) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.text == text, DEADLINE_S), self.text

    def wait_for_end(self) -> dict[str, Any]:
        with self._changed:
            assert self._changed.wait_for(lambda: bool(self.ends), DEADLINE_S)
            return self.ends[0]

    def _on_chunk(self, data: dict[str, Any]) -> None:
        with self._changed:
            self._pending[data["offset"]] = data["text"]
            self._take_pending()

    def _take_pending(self) -> None:
        for offset in sorted(self._pending):
            if offset <= len(self.text):
                self.text += self._pending.pop(offset)[len(self.text) - offset :]
        self._changed.notify_all()

    def _on_end(self, data: dict[str, Any]) -> None:
        with self._changed:
            self.ends.append(data)
            self._changed.notify_all()


@dataclass
class ScaledHouse:
    one: ServerProcess
    two: ServerProcess
    provider: OpenAIServer
    token: str
    conversation_id: str

    def ask(self, page: Page, model: str) -> str:
        """Ask and return the answer's id."""
        ack = page.call(
            "chat_message",
            conversation_id=self.conversation_id,
            message="How high is it?",
            model=model,
        )
        message_id: str = ack["assistant_message_id"]
        return message_id

    @contextmanager
    def page(self, server: ServerProcess) -> Iterator[Page]:
        page = Page()
        page.connect(server.url, self.token)
        try:
            yield page
        finally:
            page.client.disconnect()


@contextmanager
def run_scaled_house(
    folder: Path, database: Database, redis_url: str, **settings: str
) -> Iterator[ScaledHouse]:
    shared = {
        "DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
        "REDIS_URL": redis_url,
        "INGEST_ENABLED": "false",
        **settings,
    }
    with (
        run_openai_server() as provider,
        ServerProcess(folder / "one", **shared) as one,
        ServerProcess(folder / "two", **shared) as two,
    ):
        token = one.call("POST", "/api/auth/register", ACCOUNT)[1]["token"]
        headers = {"Authorization": f"Bearer {token}"}
        one.call("PUT", "/api/settings/api-keys/custom", {"base_url": provider.base_url}, **headers)
        made = one.call("POST", "/api/conversations", {}, **headers)[1]["conversation"]
        yield ScaledHouse(one, two, provider, token, made["id"])
