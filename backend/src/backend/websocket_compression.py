"""Compression of websockets that takes memory only while there is something to compress.

A compressor has 256 KB, of which all is in use once a long answer has passed. Its window may be
dropped between any two messages: a server may go on with it, but need not (RFC 7692, section
7.2.1), and a client's decompressor takes either.
"""

import threading
import time
import weakref
from contextlib import suppress
from typing import Final

from wsproto.extensions import PerMessageDeflate
from wsproto.frame_protocol import FrameDecoder, FrameProtocol, Opcode, RsvBits

from backend.short_calls import Deflater

_INCOMPRESSIBLE_BYTES: Final = 16  # pings; they come for as long as a page is open


class Compressors:
    """The compressors of all websockets of one server, begun when they are needed."""

    def __init__(self) -> None:
        self._extensions: weakref.WeakSet[_Deflate] = weakref.WeakSet()
        self._lock = threading.Lock()  # a set does not survive being changed while it is read

    def extension(self) -> PerMessageDeflate:
        """Return the extension `permessage-deflate` of a new websocket."""
        extension = _Deflate()
        with self._lock:
            self._extensions.add(extension)
        return extension

    def release_unused(self, unused_s: float) -> int:
        """End compressors that have compressed nothing for `unused_s`; return how many.

        What their websockets say next is compressed without what they said before.
        """
        with self._lock:
            extensions = list(self._extensions)
        return sum(extension.release_unused(unused_s) for extension in extensions)


class _Deflate(PerMessageDeflate):
    """Compresses short messages without giving the interpreter away."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()  # zlib's state does not survive two threads
        self._last_used_s = 0.0

    def frame_outbound(
        self,
        proto: FrameDecoder | FrameProtocol,
        opcode: Opcode,
        rsv: RsvBits,
        data: bytes,
        fin: bool,
    ) -> tuple[RsvBits, bytes]:
        is_message = opcode in (Opcode.TEXT, Opcode.BINARY)
        if opcode.iscontrol() or (is_message and fin and len(data) < _INCOMPRESSIBLE_BYTES):
            return rsv, data
        with self._lock:
            self._last_used_s = time.monotonic() if fin else float("inf")
            if self._compressor is None:
                with suppress(OSError):  # then by Python's own zlib
                    self._compressor = Deflater(int(self.server_max_window_bits))  # type: ignore[assignment]
            return super().frame_outbound(proto, opcode, rsv, data, fin)

    def release_unused(self, unused_s: float) -> bool:
        with self._lock:
            if self._compressor is None or time.monotonic() - self._last_used_s < unused_s:
                return False
            self._compressor = None
            return True
