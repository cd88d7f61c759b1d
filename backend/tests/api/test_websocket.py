"""Socket.IO: log-in, malformed data, rooms, events on the wire."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask_socketio import SocketIO
from flask_socketio.test_client import SocketIOTestClient

from backend.api import websocket
from backend.auth import sessions
from backend.auth.middleware import SESSION_COOKIE
from backend.chat.engine import AnswerEngine
from backend.chat.events import AnswerStarted
from backend.clock import utc_now
from backend.config import Config
from backend.db.session import Database
from backend.extensions import create_socketio
from backend.websocket_compression import Compressors
from chat_house import (
    DEADLINE_S,
    House,
    add_conversation,
    add_user,
    build_house,
    search_no_messages,
)
from openai_server import WORDS, OpenAIServer, run_openai_server


@pytest.fixture
def openai_server() -> Iterator[OpenAIServer]:
    with run_openai_server() as running:
        yield running


@dataclass
class Place:
    """The house with a Socket.IO server before it."""

    app: Flask
    socketio: SocketIO
    house: House

    def log_in(self, user_id: str) -> sessions.NewSession:
        with self.house.database.db_transaction() as session:
            return sessions.begin(session, self.house.config, user_id, "test", utc_now())

    def connect(self, user_id: str | None = None) -> SocketIOTestClient:
        token = self.log_in(user_id or self.house.user_id).token
        return self.connect_with(auth={"token": token})

    def connect_with(self, *, auth: object = None, cookie: str | None = None) -> SocketIOTestClient:
        flask_client = self.app.test_client()
        if cookie is not None:
            flask_client.set_cookie(SESSION_COOKIE, cookie)
        return self.socketio.test_client(self.app, auth=auth, flask_test_client=flask_client)

    def ask(self, client: SocketIOTestClient, model: str, **fields: Any) -> dict[str, Any]:
        data = {
            "conversation_id": self.house.conversation_id,
            "message": "How high is it?",
            "model": model,
            **fields,
        }
        ack: dict[str, Any] = client.emit("chat_message", data, callback=True)
        return ack


@pytest.fixture
def place(database: Database, config: Config, openai_server: OpenAIServer) -> Iterator[Place]:
    house = build_house(database, config, openai_server.base_url)
    app = Flask(__name__)
    socketio = create_socketio(app, config, Compressors())
    engine = AnswerEngine(
        database,
        config,
        house.catalog,
        house.search,
        house.embed,
        websocket.create_publish(socketio),
        search_no_messages,
    )
    house.engine = engine
    websocket.init_app(socketio, engine, database, config)
    engine.start()
    yield Place(app, socketio, house)
    engine.stop()


class Inbox:
    """What a client has received so far."""

    def __init__(self, client: SocketIOTestClient) -> None:
        self._client = client
        self.events: list[tuple[str, dict[str, Any]]] = []

    def read(self) -> list[tuple[str, dict[str, Any]]]:
        self.events += [(e["name"], e["args"][0]) for e in self._client.get_received()]
        return self.events

    def wait_for(self, *names: str) -> dict[str, Any]:
        """Return the data of the first event with one of these names."""
        pause = threading.Event()
        for _ in range(400):
            for name, data in self.read():
                if name in names:
                    return data
            pause.wait(DEADLINE_S / 400)
        raise AssertionError(f"{names} did not come; there are {self.events}")

    def named(self, name: str) -> list[dict[str, Any]]:
        return [data for event, data in self.read() if event == name]


# --- Connecting


def test_a_token_or_the_cookie_opens_a_connection(place: Place) -> None:
    token = place.log_in(place.house.user_id).token
    assert place.connect_with(auth={"token": token}).is_connected()
    assert place.connect_with(cookie=token).is_connected()


@pytest.mark.parametrize(
    "auth", [None, {}, {"token": ""}, {"token": "wrong"}, {"token": 5}, {"token": None}, [], "x"]
)
def test_nobody_else_gets_in(place: Place, auth: object) -> None:
    assert not place.connect_with(auth=auth).is_connected()


def test_a_wrong_token_is_not_saved_by_a_good_cookie(place: Place) -> None:
    cookie = place.log_in(place.house.user_id).token
    assert not place.connect_with(auth={"token": "wrong"}, cookie=cookie).is_connected()


def test_a_log_out_disconnects_that_session_alone(place: Place) -> None:
    ended, other = (place.log_in(place.house.user_id) for _ in range(2))
    clients = [place.connect_with(auth={"token": s.token}) for s in (ended, ended, other)]
    websocket.disconnect_session(place.socketio, ended.id)
    assert [client.is_connected() for client in clients] == [False, False, True]
    websocket.disconnect_session(place.socketio, "unknown")


def test_a_revoked_session_can_do_nothing_and_hears_nothing(place: Place) -> None:
    new_session = place.log_in(place.house.user_id)
    revoked = place.connect_with(auth={"token": new_session.token})
    sessions.revoke(place.house.database, place.house.user_id, new_session.id)
    ack = place.ask(revoked, "builtin:quotes")
    assert ack["ok"] is False
    assert ack["error"]["code"] == "not_authenticated"
    other = place.connect()
    inbox = Inbox(other)
    place.ask(other, "builtin:quotes")
    inbox.wait_for("chat_response_end")
    assert Inbox(revoked).read() == []


# --- An answer


def test_an_answer_reaches_every_connection_of_the_user_and_no_other(place: Place) -> None:
    first, second = Inbox(client := place.connect()), Inbox(place.connect())
    stranger = Inbox(place.connect(add_user(place.house.database, "bob")))
    ack = place.ask(client, "custom:words")
    assert ack.keys() == {"ok", "user_message_id", "assistant_message_id"}
    assert ack["ok"] is True
    for inbox in (first, second):
        end = inbox.wait_for("chat_response_end")
        assert end["conversation_id"] == place.house.conversation_id
        message = end["message"]
        assert message["id"] == ack["assistant_message_id"]
        assert message["parent_id"] == ack["user_message_id"]
        assert (message["status"], message["content"]) == ("complete", "".join(WORDS))
        assert message["citations"][0]["n"] == 1
        assert message["memories"] == []
        assert message["created_at"].endswith("+00:00")
        [start] = inbox.named("chat_response_start")
        assert start == {
            "conversation_id": place.house.conversation_id,
            "message_id": message["id"],
            "model": "custom:words",
        }
        text = ""
        for chunk in inbox.named("chat_response_chunk"):
            assert chunk["offset"] == len(text)
            assert chunk["message_id"] == message["id"]
            text += chunk["text"]
        assert text == message["content"]
        [update] = inbox.named("conversation_updated")
        assert update["conversation"]["title"] == "How high is it?"
        assert len(inbox.named("chat_response_end")) == 1
    assert stranger.read() == []


def test_a_failure_closes_the_answer_with_the_error_object(place: Place) -> None:
    client = place.connect()
    ack = place.ask(client, "custom:rate-limited")
    failure = Inbox(client).wait_for("chat_response_error")
    assert failure["message_id"] == ack["assistant_message_id"]
    assert failure["error"]["code"] == "provider_rate_limited"
    assert failure["error"].keys() == {"code", "message", "details", "request_id"}
    assert failure["error"]["request_id"]


def test_stop_resume_regenerate_and_edit_over_the_wire(
    place: Place, openai_server: OpenAIServer
) -> None:
    client = place.connect()
    inbox = Inbox(client)
    started = place.ask(client, "custom:gated")
    message_id = started["assistant_message_id"]
    openai_server.release(1)
    inbox.wait_for("chat_response_chunk")
    resumed = client.emit("chat_resume", {"message_id": message_id}, callback=True)
    assert resumed["message"]["content"] == WORDS[0]
    assert resumed["message"]["status"] == "streaming"
    assert client.emit("chat_stop", {"message_id": message_id}, callback=True) == {"ok": True}
    assert inbox.wait_for("chat_response_end")["message"]["status"] == "stopped"

    again = client.emit(
        "chat_regenerate", {"message_id": message_id, "model": "builtin:quotes"}, callback=True
    )
    assert again.keys() == {"ok", "assistant_message_id"}
    wait_for_end(inbox, again["assistant_message_id"])
    edited = client.emit(
        "chat_edit", {"message_id": started["user_message_id"], "message": "Why?"}, callback=True
    )
    assert edited.keys() == {"ok", "user_message_id", "assistant_message_id"}
    # The stopped answer's connection takes up to two, until the hang-up is noticed.
    openai_server.release(2 + len(WORDS))
    wait_for_end(inbox, edited["assistant_message_id"])


def wait_for_end(inbox: Inbox, message_id: str) -> None:
    pause = threading.Event()
    for _ in range(400):
        ends = inbox.named("chat_response_end")
        if any(end["message"]["id"] == message_id for end in ends):
            return
        pause.wait(DEADLINE_S / 400)
    raise AssertionError("the answer did not end")


def test_typing_is_accepted_and_tells_nobody(place: Place) -> None:
    client, other = place.connect(), place.connect()
    ack = client.emit("typing", {"conversation_id": place.house.conversation_id}, callback=True)
    assert ack == {"ok": True}
    assert Inbox(client).read() == []
    assert Inbox(other).read() == []


def test_an_event_that_cannot_be_sent_does_not_hurt_the_answer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    publish = websocket.create_publish(SocketIO())  # bound to no application
    publish("somebody", AnswerStarted("c", "m", "builtin:quotes"))
    assert "an event could not be sent" in caplog.text


# --- Malformed data

EVENTS = ["chat_message", "chat_stop", "chat_resume", "chat_regenerate", "chat_edit", "typing"]
NO_OBJECTS: list[tuple[Any, ...]] = [
    (),
    (None,),
    ("text",),
    (5,),
    ([],),
    (b"bytes",),
    ({}, {}),
    ({"message_id": "x"}, "extra"),
]


@pytest.mark.parametrize("event", EVENTS)
def test_anything_but_one_object_is_refused_and_the_connection_lives(
    place: Place, event: str
) -> None:
    client = place.connect()
    for args in NO_OBJECTS:
        ack = client.emit(event, *args, callback=True)
        assert ack["ok"] is False
        assert ack["error"]["code"] == "invalid_request"
        assert ack["error"]["request_id"]
    assert client.is_connected()


WRONG_VALUES: list[Any] = [
    None, 5, True, [], {}, [{"a": {}}], "", "x" * 10_000, "\ud800", "a\x00b", -1e308,
]  # fmt: skip
FIELDS = [
    "conversation_id", "message", "model", "message_id", "parent_id", "client_id",
    "memory_enabled", "document_ids", "collection_ids",
]  # fmt: skip


@pytest.mark.parametrize("event", EVENTS)
def test_wrong_values_get_an_ack_and_the_connection_lives(place: Place, event: str) -> None:
    client = place.connect()
    good = {
        "conversation_id": add_conversation(place.house.database, place.house.user_id),
        "message": "?",
        "model": "builtin:quotes",
        "message_id": "unknown",
    }
    for field in FIELDS:
        for value in WRONG_VALUES:
            ack = client.emit(event, {**good, field: value}, callback=True)
            assert ack["ok"] in (True, False)
            if not ack["ok"]:
                assert ack["error"].keys() == {"code", "message", "details", "request_id"}
                assert ack["error"]["code"] != "internal_error"
    assert client.is_connected()


def test_a_missing_field_is_named(place: Place) -> None:
    ack = place.connect().emit("chat_message", {"message": 5}, callback=True)
    assert ack["error"]["code"] == "validation_failed"
    assert ack["error"]["details"].keys() == {"conversation_id", "message", "model"}


def test_an_unknown_event_is_answered_and_breaks_nothing(place: Place) -> None:
    client = place.connect()
    ack = client.emit("no_such_event", {"a": 1}, callback=True)
    assert ack["error"]["code"] == "invalid_request"
    assert client.emit("typing", {"conversation_id": "x"}, callback=True) == {"ok": True}


def test_a_bug_is_answered_without_internals(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    client = place.connect()
    with place.house.database.db_transaction() as session:
        session.connection().exec_driver_sql("ALTER TABLE messages RENAME TO gone")
    ack = client.emit("chat_stop", {"message_id": "x"}, callback=True)
    assert ack["error"]["code"] == "internal_error"
    assert "gone" not in str(ack)
    assert "event failed" in caplog.text


def test_every_id_in_the_logs_is_the_one_in_the_ack(place: Place) -> None:
    client = place.connect()
    first, second = (client.emit("chat_stop", {}, callback=True) for _ in range(2))
    assert first["error"]["request_id"] != second["error"]["request_id"]


@pytest.mark.parametrize("call", [lambda c: c.emit("typing"), lambda c: c.emit("chat_stop", 1)])
def test_events_without_an_ack_are_harmless(
    place: Place, call: Callable[[SocketIOTestClient], Any]
) -> None:
    client = place.connect()
    call(client)
    assert client.is_connected()
