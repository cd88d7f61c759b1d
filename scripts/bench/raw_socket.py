"""A Socket.IO client that counts bytes and takes little time: a websocket without a library.

Speaks Engine.IO 4 over a websocket, with permessage-deflate if it is to, as browsers do.
"""

import asyncio
import base64
import json
import os
import struct
import zlib
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

Handler = Callable[[str, dict[str, Any]], None]
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10


class RawSocket:
    """One connection. `received_bytes` counts all that came over the wire, frames included."""

    def __init__(self, url: str, token: str, on_event: Handler, *, deflate: bool) -> None:
        """Make it; `connect` opens it.

        Args:
            on_event: called with an event's name and data.
            deflate: whether compression is offered.
        """
        self.received_bytes = 0
        self.is_lost = False
        self._url = urlsplit(url)
        self._token = token
        self._on_event = on_event
        self._deflate = deflate
        self._inflater = zlib.decompressobj(wbits=-15)
        self._acks: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def connect(self) -> None:
        """Open the connection and log in.

        Raises:
            OSError: the server is away or refuses.
        """
        self._reader, self._writer = await asyncio.open_connection(
            self._url.hostname, self._url.port
        )
        key = base64.b64encode(os.urandom(16)).decode()
        extension = "Sec-WebSocket-Extensions: permessage-deflate\r\n" if self._deflate else ""
        self._writer.write(
            f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {self._url.netloc}\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            f"Sec-WebSocket-Version: 13\r\n{extension}\r\n".encode()
        )
        try:
            head = await self._reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            raise ConnectionError("the server hung up") from error
        if b" 101 " not in head:
            raise ConnectionError(head.decode(errors="replace"))
        if self._deflate and b"permessage-deflate" not in head:
            raise ConnectionError("the server does not compress")
        self._reading = asyncio.create_task(self._read())
        await self._opened

    async def call(self, event: str, data: dict[str, Any]) -> dict[str, Any]:
        """Send an event and return its ack.

        Raises:
            ConnectionError: the connection was lost before the ack.
        """
        if self.is_lost:
            raise ConnectionError("the connection is lost")
        number = len(self._acks)
        ack = self._acks[number] = asyncio.get_running_loop().create_future()
        self._send(f"42{number}{json.dumps([event, data])}")
        return await ack

    def cut(self) -> None:
        """Lose the connection, as a pulled cable does for the server's next write."""
        self._lose()

    async def _read(self) -> None:
        try:
            while True:
                first, second = await self._reader.readexactly(2)
                size, header = second & 127, 2
                if size == 126:
                    [size] = struct.unpack(">H", await self._reader.readexactly(2))
                    header = 4
                elif size == 127:
                    [size] = struct.unpack(">Q", await self._reader.readexactly(8))
                    header = 10
                payload = await self._reader.readexactly(size)
                self.received_bytes += header + size
                if first & 64:
                    payload = self._inflater.decompress(payload + b"\x00\x00\xff\xff")
                if first & 15 == _TEXT:
                    self._receive(payload.decode())
                elif first & 15 == _PING:
                    self._send(payload.decode(), _PONG)
                elif first & 15 == _CLOSE:
                    break
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._lose()

    def _receive(self, packet: str) -> None:
        if packet == "2":
            self._send("3")
        elif packet.startswith("0"):
            self._send("40" + json.dumps({"token": self._token}))
        elif packet.startswith("40"):
            self._opened.set_result(None)
        elif packet.startswith("44"):
            self._opened.set_exception(ConnectionError(packet))
        elif packet.startswith("42"):
            self._on_event(*json.loads(packet[2:]))
        elif packet.startswith("43"):
            number, _, rest = packet[2:].partition("[")
            self._acks[int(number)].set_result(json.loads("[" + rest)[0])

    def _send(self, text: str, opcode: int = _TEXT) -> None:
        payload = text.encode()
        mask = os.urandom(4)
        size = len(payload)
        head = bytes([0x80 | opcode])
        head += bytes([0x80 | size]) if size < 126 else b"\xfe" + struct.pack(">H", size)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        self._writer.write(head + mask + masked)

    def _lose(self) -> None:
        self.is_lost = True
        self._writer.transport.abort()
        for future in [*self._acks.values(), self._opened]:
            if not future.done():
                future.set_exception(ConnectionError("the connection is lost"))
                future.exception()  # somebody may not wait for it any more
