"""Writing to websockets without waiting, against a real Engine.IO server and real sockets."""

import random
import socket
import threading
from collections.abc import Iterator

import engineio
import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Request, TextMessage
from wsproto.extensions import PerMessageDeflate

from backend.websockets import write_directly


class Connection:
    """A client that reads only when it is told to."""

    def __init__(self, server: engineio.Server) -> None:
        self.socket, theirs = socket.socketpair()
        self.socket.settimeout(20)
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self.socket.sendall(
            self._protocol.send(Request(host="here", target="/", extensions=[PerMessageDeflate()]))
        )
        head = self._read_head(theirs)
        environ = {
            "REQUEST_METHOD": "GET",
            "QUERY_STRING": "EIO=4&transport=websocket",
            "gunicorn.socket": theirs,
            **head,
        }
        self._thread = threading.Thread(target=self._serve, args=(server, environ))
        self._thread.start()
        self._messages: list[str] = []
        self._text = ""
        assert self.read().startswith("0")

    def read(self) -> str:
        """Return the next message."""
        while not self._messages:
            self._protocol.receive_data(self.socket.recv(65536))
            for event in self._protocol.events():
                if isinstance(event, TextMessage):
                    self._text += event.data
                    if event.message_finished:
                        self._messages.append(self._text)
                        self._text = ""
                else:
                    assert isinstance(event, AcceptConnection)
        return self._messages.pop(0)

    def close(self) -> None:
        self.socket.close()
        self._thread.join()

    @staticmethod
    def _serve(server: engineio.Server, environ: dict[str, object]) -> None:
        # So the thread of the request ends in gunicorn, too.
        with pytest.raises(StopIteration):
            server.handle_request(environ, lambda *_args: None)

    @staticmethod
    def _read_head(theirs: socket.socket) -> dict[str, str]:
        lines = theirs.recv(4096).decode().split("\r\n")[1:-2]
        fields = (line.split(": ", 1) for line in lines)
        return {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in fields}


@pytest.fixture
def server() -> engineio.Server:
    server = engineio.Server(async_mode="threading")
    write_directly(server)
    return server


@pytest.fixture
def connection(server: engineio.Server) -> Iterator[Connection]:
    connection = Connection(server)
    yield connection
    connection.close()


def test_a_message_is_on_the_wire_when_it_has_been_sent(
    server: engineio.Server, connection: Connection
) -> None:
    [sid] = server.sockets
    for number in range(100):
        server.send(sid, f"piece {number}")
        connection.socket.setblocking(False)
        assert connection.read() == f"4piece {number}"


def test_who_sends_does_not_wait_for_a_slow_reader_who_misses_nothing(
    server: engineio.Server, connection: Connection
) -> None:
    [sid] = server.sockets
    chance = random.Random(1)
    texts = [chance.randbytes(chance.choice([10, 200_000])).hex() for _ in range(40)]
    for text in texts:
        server.send(sid, text)
    for text in texts:
        assert connection.read() == f"4{text}"
    server.send(sid, "and on")
    assert connection.read() == "4and on"


def test_many_who_send_at_once_keep_their_messages_whole_and_in_order(
    server: engineio.Server, connection: Connection
) -> None:
    [sid] = server.sockets
    padding = random.Random(2).randbytes(3_000).hex()

    def send(sender: int) -> None:
        for number in range(200):
            server.send(sid, f"{sender} {number} {padding}")

    senders = [threading.Thread(target=send, args=(sender,)) for sender in range(5)]
    for thread in senders:
        thread.start()
    seen: dict[str, list[int]] = {}
    for _ in range(1_000):
        sender, number, rest = connection.read()[1:].split(" ")
        assert rest == padding
        seen.setdefault(sender, []).append(int(number))
    for thread in senders:
        thread.join()
    assert seen == {str(sender): list(range(200)) for sender in range(5)}


def test_to_send_into_a_lost_connection_is_no_error_and_ends_it(server: engineio.Server) -> None:
    ended = threading.Event()
    server.on("disconnect", lambda *_args: ended.set())
    connection = Connection(server)
    [sid] = server.sockets
    connection.close()
    for _ in range(3):
        server.send(sid, "piece")
    assert ended.wait(20)
