"""Calls into C that are over at once, made without giving the interpreter to another thread.

`socket.send` and `zlib` let other threads run meanwhile. For a piece of an answer that is a few
microseconds, after which, with hundreds of answers, the thread waits for its next turn a hundred
times as long.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import socket
import sys
import zlib
from typing import Final

_NO_SIGNAL: Final = getattr(socket, "MSG_NOSIGNAL", 0)  # where it is 0, Python ignores the signal
_SHORT_BYTES: Final = 8192  # compressed in about 0.1 ms
_LIBRARY: Final = "libz.dylib" if sys.platform == "darwin" else "libz.so.1"
_MOST_ADDED_BYTES: Final = 64  # and what zlib's `deflateBound` adds for each byte
_MEMORY_LEVEL: Final = 8  # zlib's own default
_OK: Final = 0
_NOTHING_TO_DO: Final = -5  # flushed twice: Z_BUF_ERROR


def send_now(sock: socket.socket, data: bytes) -> int:
    """Send what the system takes without waiting; return how many bytes it took.

    Raises:
        OSError: the connection is lost.
    """
    sent: int = _libc().send(sock.fileno(), data, len(data), socket.MSG_DONTWAIT | _NO_SIGNAL)
    if sent >= 0:
        return sent
    number = ctypes.get_errno()
    if number in (errno.EAGAIN, errno.EWOULDBLOCK, errno.ENOBUFS, errno.EINTR):
        return 0
    raise OSError(number, os.strerror(number))


class Deflater:
    """A raw DEFLATE stream like `zlib.compressobj`, for one thread at a time."""

    def __init__(self, window_bits: int) -> None:
        """Begin a stream whose matches lie at most `2 ** window_bits` bytes back.

        Raises:
            OSError: the system has no zlib of its own, or one of another kind.
        """
        short, long = _libz(ctypes.PyDLL), _libz(ctypes.CDLL)
        self._stream = _Stream()
        self._at = ctypes.byref(self._stream)
        self._input = b""
        self._deflate, self._deflate_long, self._end = short.deflate, long.deflate, short.deflateEnd
        status = short.deflateInit2_(
            self._at,
            zlib.Z_DEFAULT_COMPRESSION,
            zlib.DEFLATED,
            -window_bits,
            _MEMORY_LEVEL,
            zlib.Z_DEFAULT_STRATEGY,
            zlib.ZLIB_VERSION.encode(),
            ctypes.sizeof(_Stream),
        )
        if status != _OK:
            raise OSError(f"zlib refused to begin a stream ({status}).")

    def compress(self, data: bytes) -> bytes:
        """Take `data`; its compressed form comes with the next `flush`."""
        self._input += data
        return b""

    def flush(self, mode: int) -> bytes:
        """Return all that was taken since the last call, compressed."""
        data, self._input = self._input, b""
        stream, length = self._stream, len(data)
        room = length + length // 8 + length // 64 + _MOST_ADDED_BYTES
        output = ctypes.create_string_buffer(room)
        stream.next_in, stream.avail_in = data, length
        stream.next_out, stream.avail_out = ctypes.addressof(output), room
        status = (self._deflate if length <= _SHORT_BYTES else self._deflate_long)(self._at, mode)
        stream.next_in = None  # which kept `data`
        if status not in (_OK, _NOTHING_TO_DO) or stream.avail_in or not stream.avail_out:
            raise OSError(f"zlib did not compress {length} bytes ({status}).")
        return output.raw[: room - stream.avail_out]

    def __del__(self) -> None:
        if hasattr(self, "_end"):
            self._end(self._at)


class _Stream(ctypes.Structure):
    _fields_ = (
        ("next_in", ctypes.c_char_p),
        ("avail_in", ctypes.c_uint),
        ("total_in", ctypes.c_ulong),
        ("next_out", ctypes.c_void_p),
        ("avail_out", ctypes.c_uint),
        ("total_out", ctypes.c_ulong),
        ("msg", ctypes.c_char_p),
        ("state", ctypes.c_void_p),
        ("zalloc", ctypes.c_void_p),
        ("zfree", ctypes.c_void_p),
        ("opaque", ctypes.c_void_p),
        ("data_type", ctypes.c_int),
        ("adler", ctypes.c_ulong),
        ("reserved", ctypes.c_ulong),
    )


@functools.cache
def _libz(kind: type[ctypes.CDLL]) -> ctypes.CDLL:
    return kind(_LIBRARY)


@functools.cache
def _libc() -> ctypes.PyDLL:
    libc = ctypes.PyDLL(None, use_errno=True)
    libc.send.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int)
    libc.send.restype = ctypes.c_ssize_t
    return libc
