"""The real server when its database is locked, its disk full, its index gone, or it is killed."""

import contextlib
import resource
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from backend.config import load_config
from backend.db.session import create_database
from chat_house import add_document
from openai_server import OpenAIServer, run_openai_server
from scaled_house import ACCOUNT, Page
from server_process import ServerProcess

DEADLINE_S = 20
SETTINGS = {"INGEST_ENABLED": "false", "DB_BUSY_TIMEOUT_MS": "200"}


@dataclass
class Place:
    server: ServerProcess
    provider: OpenAIServer
    headers: dict[str, str]
    conversation_id: str

    @property
    def database_path(self) -> Path:
        return self.server.data_dir / "docchat.db"

    def connect(self) -> Page:
        page = Page()
        page.connect(self.server.url, self.headers["Authorization"].removeprefix("Bearer "))
        return page

    def ask(self, page: Page, model: str) -> str:
        ack = page.call(
            "chat_message", conversation_id=self.conversation_id, message="Hm?", model=model
        )
        message_id: str = ack["assistant_message_id"]
        return message_id

    def add_conversation(self) -> str:
        made = self.server.call("POST", "/api/conversations", {}, **self.headers)[1]
        conversation_id: str = made["conversation"]["id"]
        return conversation_id

    def load(self, message_id: str) -> dict[str, Any]:
        path = f"/api/conversations/{self.conversation_id}"
        messages = self.server.get(path, **self.headers)[1]["messages"]
        [found] = [message for message in messages if message["id"] == message_id]
        return dict(found)

    def wait_for_row(self, message_id: str, is_right: Callable[[dict[str, Any]], bool]) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not is_right(row := self.load(message_id)):
            assert time.monotonic() < deadline, row
            time.sleep(0.05)

    def check_that_it_goes_on(self) -> None:
        page = self.connect()
        self.ask(page, "custom:words")
        assert page.wait_for_end()["message"]["status"] == "complete"
        page.client.disconnect()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with run_openai_server() as provider, ServerProcess(tmp_path, **SETTINGS) as server:
        token = server.call("POST", "/api/auth/register", ACCOUNT)[1]["token"]
        headers = {"Authorization": f"Bearer {token}"}
        access = {"base_url": provider.base_url}
        server.call("PUT", "/api/settings/api-keys/custom", access, **headers)
        made = server.call("POST", "/api/conversations", {}, **headers)[1]["conversation"]
        yield Place(server, provider, headers, made["id"])


@contextlib.contextmanager
def locked_database(place: Place) -> Iterator[None]:
    """Hold SQLite's write lock from another process's connection."""
    connection = sqlite3.connect(place.database_path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.rollback()
        connection.close()


@contextlib.contextmanager
def full_disk(place: Place) -> Iterator[None]:
    """Let no file of the server grow, as a full disk does."""
    pids = place.server.worker_pids()
    before = [resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in pids]
    for pid, (_, hard) in zip(pids, before, strict=True):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, hard))
    try:
        yield
    finally:
        for pid, limits in zip(pids, before, strict=True):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("trouble", [locked_database, full_disk])
def test_an_answer_whose_end_cannot_be_stored_is_told_and_stored_later(
    place: Place, trouble: Callable[[Place], contextlib.AbstractContextManager[None]]
) -> None:
    page = place.connect()
    message_id = place.ask(page, "custom:gated")
    place.provider.release(1)
    place.wait_for_row(message_id, lambda row: row["content"] != "")
    other = place.add_conversation()
    with trouble(place):
        refused = page.client.call(
            "chat_message",
            {"conversation_id": other, "message": "?", "model": "custom:words"},
            timeout=DEADLINE_S,
        )
        assert refused["error"]["code"] == "storage_unavailable"
        place.provider.release(2)
        end = page.wait_for_end()
        assert end["error"]["code"] == "storage_unavailable"
        resumed = page.call("chat_resume", message_id=message_id)["message"]
        assert (resumed["status"], resumed["content"]) == ("failed", page.text)
    place.wait_for_row(message_id, lambda row: row["status"] == "failed")
    row = place.load(message_id)
    assert (row["content"], row["error"]) == (page.text, end["error"])
    assert len(page.ends) == 1
    page.client.disconnect()
    place.check_that_it_goes_on()


def test_after_a_kill_the_text_is_kept_and_can_be_written_again(place: Place) -> None:
    page = place.connect()
    message_id = place.ask(page, "custom:slow 2000 10")
    place.wait_for_row(message_id, lambda row: len(row["content"]) > 100)
    place.server.kill()
    killed_at_s = time.monotonic()
    page.client.disconnect()
    with ServerProcess(place.server.data_dir, **SETTINGS) as place.server:
        row = place.load(message_id)
        assert row["status"] == "interrupted"
        # What was saved may be ahead by the piece that was waiting to be sent.
        shown, saved = page.text, row["content"]
        assert shown.startswith(saved) or saved.startswith(shown)
        # A hundred numbers a second; the save before the last one was a second ago.
        assert len(page.text.split()) - len(row["content"].split()) <= 130
        assert time.monotonic() - killed_at_s < DEADLINE_S
        again = place.connect()
        ack = again.call("chat_regenerate", message_id=message_id, model="custom:words")
        assert again.wait_for_end()["message"]["id"] == ack["assistant_message_id"]
        again.client.disconnect()


def test_an_index_that_is_removed_in_mid_run_costs_no_conversation(place: Place) -> None:
    user_id = place.server.get("/api/auth/me", **place.headers)[1]["user"]["id"]
    database = create_database(load_config(data_dir=place.server.data_dir))
    add_document(database, user_id)  # without one nothing is searched
    database.close()
    shutil.rmtree(place.server.data_dir / "index")
    page = place.connect()
    message_id = place.ask(page, "custom:slow 5 5")
    end = page.wait_for_end()
    assert len(page.ends) == 1
    row = place.load(message_id)
    assert row["content"] == page.text
    assert row["status"] == ("failed" if "error" in end else "complete")
    page.client.disconnect()


def test_a_key_that_is_deleted_in_mid_answer_leaves_the_answer_alone(place: Place) -> None:
    page = place.connect()
    place.ask(page, "custom:gated")
    place.provider.release(1)
    page.wait_for_text("The lighthouse ")
    place.server.call("DELETE", "/api/settings/api-keys/custom", None, **place.headers)
    place.provider.release(2)
    assert page.wait_for_end()["message"]["status"] == "complete"
    page.client.disconnect()
