"""Two servers on one PostgreSQL and one Redis act as one."""

import threading
from pathlib import Path
from typing import Any

import pytest
import socketio
from sqlalchemy import text

from backend.db.session import Database
from server_process import ServerProcess

ACCOUNT = {"username": "ada", "password": "correct horse battery"}
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
