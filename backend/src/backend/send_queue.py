"""Engine.IO's websockets, written to by the thread that has something to say.

Engine.IO queues each packet for a thread of its connection. With hundreds of answers at the same
time waking these threads costs more than all they do, so a message is written at once where that
needs no waiting: nothing else is queued, and the system takes the bytes. Otherwise it is queued
as before, and a client that does not read keeps nobody else waiting.
"""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final

import simple_websocket
from engineio.async_drivers._websocket_wsgi import SimpleWebSocketWSGI
from engineio.packet import MESSAGE, NOOP, Packet
from engineio.socket import Socket
from flask_socketio import SocketIO
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Event, TextMessage
from wsproto.utilities import ProtocolError

from backend.short_calls import send_now
from backend.websocket_compression import Compressors

_SOCKET_KEYS: Final = ("gunicorn.socket", "werkzeug.socket")


def write_at_once(socketio: SocketIO, compressors: Compressors) -> None:
    """Let connections that begin from now on be written to by any thread."""
    eio = socketio.server.eio
    websocket = partial(_WebSocket, compressors)
    eio._async = {**eio._async, "queue": SendQueue, "websocket": websocket}


class SendQueue(queue.Queue[Any]):
    """The packets of one connection that wait for its writer; `None` ends it."""

    def __init__(self) -> None:
        super().__init__()
        self._order = threading.Lock()
        self._is_written = False  # whether all that was ever queued has been written
        self._write: Callable[[str], bool | None] | None = None
        self._is_open: Callable[[], bool] = lambda: False

    def attach(self, write: Callable[[str], bool | None], is_open: Callable[[], bool]) -> None:
        """Write messages with `write` while `is_open`.

        Args:
            write: takes a text without waiting; returns whether all of it is written, or None
                if none of it is, and not going to be.
            is_open: whether the client takes messages by the websocket already.
        """
        self._write, self._is_open = write, is_open

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Write the packet, or queue it for the writer."""
        with self._order:
            if self._may_write(item):
                assert self._write is not None
                is_whole = self._write(item.encode())
                if is_whole:
                    return
                if is_whole is False:
                    item = _Rest()
            self._is_written = False
            super().put(item, block, timeout)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Return the next packet; whoever waits for one has written all before."""
        if block:
            with self._order:
                self._is_written = self.empty()
        return super().get(block, timeout)

    def _may_write(self, item: Any) -> bool:
        return (
            item is not None
            and item.packet_type == MESSAGE
            and not item.binary
            and self._is_written
            and self._is_open()
        )


class _Rest(Packet):  # type: ignore[misc]
    """Asks the writer to write what the system did not take of the last message."""

    def __init__(self) -> None:
        super().__init__(NOOP)

    def encode(self, b64: bool = False) -> _Rest:
        return self


class _WebSocket(SimpleWebSocketWSGI):  # type: ignore[misc]
    """A connection's websocket, written to by its Engine.IO writer and by its queue."""

    def __init__(
        self, compressors: Compressors, handler: Callable[..., Any], server: Any, **options: Any
    ) -> None:
        super().__init__(handler, server, **options)
        self._compressors = compressors
        connection: Socket = handler.__self__  # type: ignore[attr-defined]
        connection.queue.attach(
            self._write, lambda: connection.upgraded and not connection.upgrading
        )

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        sockets: dict[str, _OrderedSocket] = {
            key: _OrderedSocket(environ[key]) for key in _SOCKET_KEYS if key in environ
        }
        self.ws = _Server(self._compressors, {**environ, **sockets}, **self.server_args)
        [self._socket] = sockets.values()
        self.app(self)
        # What the base class does: the web server is not to answer on this connection any more.
        raise StopIteration if self.ws.mode == "gunicorn" else ConnectionError

    def send(self, message: str | bytes | _Rest) -> None:
        """Write the message, waiting until the system has taken it."""
        if isinstance(message, _Rest):
            self._socket.send(b"")
        else:
            super().send(message)

    def _write(self, text: str) -> bool | None:
        websocket = self.ws
        try:
            return self._socket.send_now(
                lambda: websocket.ws.send(TextMessage(data=text)) if websocket.connected else b""
            )
        except (OSError, ProtocolError):
            return None  # the connection is lost, which its writer is about to notice


class _Server(simple_websocket.Server):  # type: ignore[misc]
    """The server's half of the protocol, compressed by one of `compressors`."""

    def __init__(self, compressors: Compressors, environ: dict[str, Any], **options: Any) -> None:
        self._compressors = compressors
        super().__init__(environ, **options)

    def handshake(self) -> None:
        self.ws = _Protocol(self._compressors)
        super().handshake()


class _Protocol(WSConnection):
    def __init__(self, compressors: Compressors) -> None:
        super().__init__(ConnectionType.SERVER)
        self._compressors = compressors

    def send(self, event: Event) -> bytes:
        if isinstance(event, AcceptConnection):
            event = replace(event, extensions=[self._compressors.extension()])
        return super().send(event)


class _OrderedSocket:
    """A socket whose writers never mix their bytes."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._lock = threading.Lock()
        self._rest = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)

    def send(self, data: bytes) -> int:
        """Send all of it, after what is left of the last `send_now`."""
        with self._lock:
            rest, self._rest = self._rest, b""
            self._socket.sendall(rest + data)
        return len(data)

    def send_now(self, frame: Callable[[], bytes]) -> bool | None:
        """Send what the system takes at once; see `SendQueue.attach` for what is returned.

        Args:
            frame: makes the bytes, which cannot be taken back; empty if that is too late.
        """
        if not self._lock.acquire(blocking=False):
            return None
        try:
            data = frame()
            if not data:
                return None
            length = send_now(self._socket, data)
            self._rest = data[length:]
            return not self._rest
        finally:
            self._lock.release()
