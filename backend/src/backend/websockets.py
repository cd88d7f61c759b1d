"""Websockets that are written to by whoever has something to say, as long as they take it.

Engine.IO hands each packet to a thread of its connection. With hundreds of answers this costs
more than all else that is done for a piece of text: two threads that wait for one interpreter.
"""

import queue
import socket
from typing import Any, Final

from engineio.async_drivers._websocket_wsgi import SimpleWebSocketWSGI
from engineio.base_server import BaseServer
from engineio.packet import Packet
from wsproto.events import BytesMessage, TextMessage
from wsproto.utilities import LocalProtocolError


def write_directly(server: BaseServer) -> None:
    """Make `server`, one of threads, write to its websockets from the sending thread."""
    server._async = {**server._async, "queue": PacketQueue, "websocket": _WebSocket}


class PacketQueue(queue.Queue[Any]):
    """A connection's packets, for its writer thread; one that need not wait is written at once.

    The writer owns the websocket from the moment it takes a packet until it asks for the next.
    While it owns nothing and nothing waits, whoever puts a packet in owns the websocket for as
    long as it holds the lock. So frames are whole and in order, and nobody waits for a slow
    reader but the writer.
    """

    def __init__(self) -> None:
        super().__init__()
        self.websocket: _WebSocket | None = None
        self._is_taken = False

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Write the packet, or what the websocket does not take of it goes to the writer."""
        with self.mutex:
            websocket = self.websocket
            if websocket is not None and item is not None and not self._is_taken and not self.queue:
                item = websocket.send_now(item)
                if item is _ALL:
                    return
            self._put(item)
            self.unfinished_tasks += 1
            self.not_empty.notify()

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Take the next packet; to wait for one says that those taken before are written."""
        if block:
            with self.mutex:
                self._is_taken = False
        return super().get(block, timeout)

    def _get(self) -> Any:
        self._is_taken = True
        return super()._get()


class _Rest(bytes):
    """The end of a frame whose beginning is written; looks like a packet to Engine.IO."""

    def encode(self) -> "_Rest":
        return self


_ALL: Final = _Rest()


class _WebSocket(SimpleWebSocketWSGI):  # type: ignore[misc]
    """Engine.IO's websocket for threads, which can also be asked not to wait."""

    def __init__(self, handler: Any, server: Any, **options: Any) -> None:
        super().__init__(handler, server, **options)
        self._connection = handler.__self__
        self._connection.queue.websocket = self

    def send(self, message: Any) -> None:
        """Write a packet that waited, however long it takes.

        Raises:
            OSError: the connection is lost.
        """
        if isinstance(message, _Rest):
            self.ws.sock.sendall(message)
        else:
            super().send(message)

    def send_now(self, packet: Packet) -> Any:
        """Write what can be written without waiting; return what is to be queued, or `_ALL`."""
        connection = self._connection
        if not connection.upgraded or connection.upgrading or not self.ws.connected:
            return packet
        data = packet.encode()
        message = BytesMessage(data) if packet.binary else TextMessage(data)
        try:
            frame = self.ws.ws.send(message)
        except LocalProtocolError:  # it is being closed: the writer will see it
            return packet
        try:
            written = self.ws.sock.send(frame, socket.MSG_DONTWAIT)
        except BlockingIOError:
            written = 0
        except OSError:
            return packet
        return _Rest(frame[written:]) if written < len(frame) else _ALL
