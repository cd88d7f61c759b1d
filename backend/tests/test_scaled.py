"""Two servers on one PostgreSQL and one Redis act as one."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import socketio
from sqlalchemy import text

from backend.db.session import Database
from openai_server import WORDS
from scaled_house import ACCOUNT, Page, ScaledHouse, run_scaled_house
from server_process import ServerProcess

DEADLINE_S = 10


@pytest.mark.postgres
def test_an_event_of_one_server_reaches_the_pages_of_the_other(
    tmp_path: Path, postgres_database: Database, redis_url: str
) -> None:
    shared = {
        "DATABASE_URL": postgres_database.engine.url.render_as_string(hide_password=False),
        "REDIS_URL": redis_url,
    }
    received: list[dict[str, Any]] = []
    arrived = threading.Event()
    with (
        ServerProcess(tmp_path / "one", **shared) as one,
        ServerProcess(tmp_path / "two", **shared) as two,
    ):
        token = one.call("POST", "/api/auth/register", ACCOUNT)[1]["token"]
        headers = {"Authorization": f"Bearer {token}"}
        client = socketio.Client()

        @client.on("conversation_updated")
        def _(data: dict[str, Any]) -> None:
            received.append(data)
            arrived.set()

        client.connect(two.url, auth={"token": token}, transports=["websocket"])
        made = one.call("POST", "/api/conversations", {}, **headers)[1]["conversation"]
        path = f"/api/conversations/{made['id']}"
        one.call("PATCH", path, {"title": "Lighthouses"}, **headers)
        assert arrived.wait(DEADLINE_S)
        client.disconnect()
    assert received[-1]["conversation"]["title"] == "Lighthouses"
    with postgres_database.db_session() as session:
        assert session.scalar(text("SELECT title FROM conversations")) == "Lighthouses"


@pytest.fixture
def house(tmp_path: Path, postgres_database: Database, redis_url: str) -> Iterator[ScaledHouse]:
    with run_scaled_house(tmp_path, postgres_database, redis_url) as house:
        yield house


def load(database: Database, message_id: str) -> tuple[str, str]:
    """Return the status and the text of a message's row."""
    with database.db_session() as session:
        row = session.execute(
            text("SELECT status, content FROM messages WHERE id = :id"), {"id": message_id}
        ).one()
    return row.status, row.content


@pytest.mark.postgres
def test_one_server_resumes_and_stops_what_the_other_writes(
    house: ScaledHouse, postgres_database: Database
) -> None:
    with house.page(house.one) as asking:
        message_id = house.ask(asking, "custom:gated")
        house.provider.release(1)
        asking.wait_for_text(WORDS[0])
        with house.page(house.two) as late:  # it missed the first chunk
            late.resume(message_id)
            assert late.text == WORDS[0]
            house.provider.release(1)
            for page in (asking, late):
                page.wait_for_text(WORDS[0] + WORDS[1])
            late.call("chat_stop", message_id=message_id)
            assert load(postgres_database, message_id) == ("stopped", late.text)
            for page in (asking, late):
                assert page.wait_for_end()["message"]["status"] == "stopped"
                assert len(page.ends) == 1


@pytest.mark.postgres
def test_a_page_that_joins_in_mid_stream_at_the_other_server_has_no_gap(
    house: ScaledHouse, postgres_database: Database
) -> None:
    expected = "".join(f"{number} " for number in range(400))
    with house.page(house.one) as asking:
        message_id = house.ask(asking, "custom:slow 400 5")
        with house.page(house.two) as late:
            late.resume(message_id)
            for page in (late, asking):
                assert page.wait_for_end()["message"]["content"] == expected
                assert page.text == expected
    assert load(postgres_database, message_id) == ("complete", expected)


@pytest.mark.postgres
def test_the_answers_of_a_killed_server_are_ended_by_the_other(
    house: ScaledHouse, postgres_database: Database
) -> None:
    with house.page(house.two) as watching:
        asking = Page()
        asking.connect(house.one.url, house.token)
        message_id = house.ask(asking, "custom:gated")
        house.provider.release(1)
        watching.wait_for_text(WORDS[0])
        house.one.kill()
        end = watching.wait_for_end()["message"]
        assert (end["id"], end["status"]) == (message_id, "interrupted")
        assert load(postgres_database, message_id) == ("interrupted", end["content"])
        again = watching.call("chat_regenerate", message_id=message_id, model="custom:words")
        assert again["assistant_message_id"] != message_id
