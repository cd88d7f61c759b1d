"""Websockets written to by the thread that has something to say, over real sockets."""

import itertools
import json
import socket
import struct
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import socketio
from flask import Flask
from flask_socketio import SocketIO, join_room
from websockets.sync.client import ClientConnection, connect
from werkzeug.serving import make_server

from backend import send_queue
from backend.config import Config
from backend.extensions import create_socketio
from backend.short_calls import send_now
from backend.websocket_compression import Compressors
from chat_house import DEADLINE_S

_ROOM = "everybody"


class Server:
    """A Socket.IO server; its clients are in one room."""

    def __init__(self, config: Config) -> None:
        app = Flask(__name__)
        self.socketio: SocketIO = create_socketio(app, config, Compressors())
        self.joined = threading.Semaphore(0)
        self.socketio.on_event("connect", self._join)
        self._http = make_server("127.0.0.1", 0, app, threaded=True)
        self._http.daemon_threads = True
        self.port: int = self._http.server_port
        self._thread = threading.Thread(target=self._http.serve_forever)

    def __enter__(self) -> "Server":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for client in list(self.socketio.server.eio.sockets.values()):
            client.close(wait=False)
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def say(self, data: Any) -> None:
        self.socketio.emit("said", data, to=_ROOM)

    def _join(self) -> None:
        join_room(_ROOM)
        self.joined.release()


class Listener:
    """A client that reads when it is told to, and answers pings meanwhile."""

    def __init__(self, websocket: ClientConnection) -> None:
        self._websocket = websocket

    @property
    def port(self) -> int:
        return int(self._websocket.local_address[1])

    def reset(self) -> None:
        """Lose the connection as a process does that is killed."""
        sock = self._websocket.socket
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.shutdown(socket.SHUT_RD)
        sock.close()

    def read(self) -> Any:
        """Return the data of the next event."""
        while True:
            packet = self._websocket.recv(DEADLINE_S)
            assert isinstance(packet, str)
            if packet == "2":
                self._websocket.send("3")
            elif packet.startswith("42"):
                return json.loads(packet[2:])[1]


@pytest.fixture
def server(config: Config) -> Iterator[Server]:
    with Server(config) as running:
        yield running


@contextmanager
def listening(server: Server, **options: Any) -> Iterator[Listener]:
    url = f"ws://127.0.0.1:{server.port}/socket.io/?EIO=4&transport=websocket"
    with connect(url, close_timeout=0.1, ping_interval=None, **options) as websocket:
        websocket.send("40")
        assert server.joined.acquire(timeout=DEADLINE_S)
        yield Listener(websocket)


def in_threads(count: int, work: Callable[[int], None]) -> list[threading.Thread]:
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    return threads


def wait_until(condition: Callable[[], bool]) -> None:
    until_s = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < until_s
        time.sleep(0.005)


@pytest.mark.parametrize("compression", ["deflate", None])
def test_what_many_threads_say_arrives_whole_and_in_each_ones_order(
    server: Server, compression: str | None
) -> None:
    def talk(number: int) -> None:
        for turn in range(200):
            server.say([number, turn, f"{number}-{turn} " * (turn * 5)])

    with listening(server, compression=compression) as listener:
        threads = in_threads(6, talk)
        heard: dict[int, list[int]] = {number: [] for number in range(6)}
        for _ in range(6 * 200):
            number, turn, text = listener.read()
            assert text == f"{number}-{turn} " * (turn * 5)
            heard[number].append(turn)
        for thread in threads:
            thread.join()
    assert heard == {number: list(range(200)) for number in range(6)}


def test_a_message_is_written_by_the_thread_that_has_it(server: Server) -> None:
    with listening(server) as listener:
        server.say("first")  # the writer has written what opened the connection
        assert listener.read() == "first"
        [connection] = server.socketio.server.eio.sockets.values()
        tasks = connection.queue.unfinished_tasks
        in_hand: list[int] = []
        put = connection.queue.put
        connection.queue.put = lambda *args: (put(*args), in_hand.append(connection.queue.qsize()))
        for number in range(50):
            server.say(number)
        assert [listener.read() for _ in range(50)] == list(range(50))
    assert (in_hand[:50], tasks) == ([0] * 50, 0)


def test_a_client_that_does_not_read_keeps_nobody_waiting(server: Server) -> None:
    with (
        listening(server, max_queue=1, compression=None) as slow,
        listening(server) as quick,
    ):
        # 20 MB, more than the system takes for somebody who does not read.
        texts = [f"{number} " * 2000 for number in range(2000)]
        talking = in_threads(1, lambda _: [server.say(text) for text in texts])
        assert [quick.read() for _ in texts] == texts
        talking[0].join(DEADLINE_S)
        assert not talking[0].is_alive()
        assert [slow.read() for _ in texts] == texts
        server.say("afterwards")
        assert slow.read() == "afterwards"


def test_a_silent_connection_is_kept_by_its_pings(server: Server) -> None:
    server.socketio.server.eio.ping_interval = 0.1
    server.socketio.server.eio.ping_timeout = 0.3
    with listening(server) as listener:
        until_s = time.monotonic() + 1.5  # several times as long as the writer waits for a packet
        number = 0
        while time.monotonic() < until_s:
            server.say(number)
            assert listener.read() == number
            number += 1
        assert number > 100


@pytest.mark.parametrize("_turn", range(5))
def test_what_is_said_during_the_upgrade_keeps_its_order(server: Server, _turn: int) -> None:
    heard: list[int] = []
    all_heard = threading.Event()
    client = socketio.Client(reconnection=False)

    def hear(number: int) -> None:
        heard.append(number)
        if number == -1:
            all_heard.set()

    client.on("said", hear)
    stopping = threading.Event()

    def talk(_: int) -> None:
        for number in itertools.count():
            if stopping.wait(0.0005):
                break
            server.say(number)

    [thread] = in_threads(1, talk)
    client.connect(f"http://127.0.0.1:{server.port}")  # by polling first
    assert client.transport() == "websocket"
    stopping.set()
    thread.join()
    server.say(-1)
    assert all_heard.wait(DEADLINE_S)
    client.disconnect()
    assert heard == [*range(heard[0], heard[0] + len(heard) - 1), -1]


def test_nothing_goes_to_a_websocket_before_the_upgrade_is_done(server: Server) -> None:
    address = f"127.0.0.1:{server.port}/socket.io/?EIO=4"

    def poll(session: str, data: bytes | None = None) -> str:
        url = f"http://{address}&transport=polling{session}"
        with urllib.request.urlopen(url, data, timeout=DEADLINE_S) as response:
            return str(response.read().decode())

    session = "&sid=" + json.loads(poll("")[1:])["sid"]
    poll(session, b"40")
    assert server.joined.acquire(timeout=DEADLINE_S)
    assert poll(session).startswith("40")
    with ThreadPoolExecutor() as pool:
        polled = pool.submit(poll, session)
        [connection] = server.socketio.server.eio.sockets.values()
        with connect(
            f"ws://{address}&transport=websocket{session}", close_timeout=0.1
        ) as websocket:
            wait_until(lambda: connection.upgrading)
            server.say("before")
            packets: list[Any] = [polled.result(DEADLINE_S)]
            websocket.send("2probe")
            assert websocket.recv(DEADLINE_S) == "3probe"
            server.say("meanwhile")
            websocket.send("5")
            server.say("afterwards")
            while "afterwards" not in packets[-1]:
                packets.append(websocket.recv(DEADLINE_S))
    said = [packet for packet in packets if packet != "6"]  # which only ends a poll
    assert said == [f'42["said","{word}"]' for word in ("before", "meanwhile", "afterwards")]


@pytest.mark.parametrize("is_polite", [True, False])
def test_who_speaks_to_a_client_that_is_gone_notices_nothing(
    server: Server, is_polite: bool
) -> None:
    with listening(server) as listener:
        for turn in range(5):
            with listening(server) as other:
                server.say([turn, "hello"])
                assert other.read() == listener.read() == [turn, "hello"]
                if not is_polite:
                    other.reset()
            for number in range(20):
                server.say([turn, number])
                assert listener.read() == [turn, number]


def test_a_connection_that_breaks_in_the_middle_of_a_message_harms_no_other(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[int] = []

    def refusing(sock: socket.socket, data: bytes) -> int:
        if sock.getpeername()[1] in lost:
            raise BrokenPipeError
        return send_now(sock, data)

    monkeypatch.setattr(send_queue, "send_now", refusing)
    with listening(server) as first, listening(server) as second, listening(server) as third:
        server.say("all")
        assert first.read() == second.read() == third.read() == "all"
        lost.append(second.port)
        server.say("the others")
        assert first.read() == third.read() == "the others"
