"""HTTP without a pool or a proxy, on the standard library's client.

An answer comes in hundreds of small chunks. `http.client` takes them from a buffer in C; the
parser of httpx, written in Python, took a third of the processor time of a piece.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import struct
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import httpx2

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_READ_BYTES = 64 * 1024


class DirectTransport(httpx2.BaseTransport):
    """Opens a connection for each request; closing the response closes it."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send the request and return the response, its body still to be read.

        Raises:
            httpx2.TransportError: the subclasses that httpx itself raises.
        """
        timeouts = request.extensions["timeout"]
        body = b"".join(_sync(request))
        connection = self._connect(request.url, timeouts["connect"])
        try:
            with _mapped(httpx2.WriteTimeout, httpx2.WriteError):
                connection.sock.settimeout(timeouts["write"])
                connection.putrequest(
                    request.method,
                    request.url.raw_path.decode("ascii"),
                    skip_host=True,
                    skip_accept_encoding=True,
                )
                for name, value in request.headers.raw:
                    connection.putheader(name, value)
                # A server may refuse before it has read all, and say why.
                with suppress(BrokenPipeError, ConnectionResetError):
                    connection.endheaders(body)
            with _mapped(httpx2.ReadTimeout, httpx2.ReadError):
                _limit_waits(connection.sock, timeouts["read"])
                response = connection.getresponse()
        except BaseException:
            connection.close()
            raise
        return httpx2.Response(
            response.status,
            headers=[(n.encode("latin-1"), v.encode("latin-1")) for n, v in response.getheaders()],
            stream=_Body(connection, response),
            extensions={
                "http_version": b"HTTP/1.0" if response.version == 10 else b"HTTP/1.1",
                "reason_phrase": response.reason.encode("latin-1"),
            },
        )

    def _connect(self, url: httpx2.URL, timeout_s: float) -> http.client.HTTPConnection:
        if url.scheme not in ("http", "https"):
            raise httpx2.UnsupportedProtocol(f"{url.scheme!r} is no protocol of providers.")
        host = url.raw_host.decode("ascii")
        connection: http.client.HTTPConnection
        with _mapped(httpx2.ConnectTimeout, httpx2.ConnectError):
            if url.scheme == "https":
                connection = http.client.HTTPSConnection(
                    host, url.port or 443, timeout=timeout_s, context=self._tls
                )
            else:
                connection = http.client.HTTPConnection(host, url.port or 80, timeout=timeout_s)
            connection.response_class = _Response
            try:
                connection.connect()
            except BaseException:
                connection.close()
                raise
        return connection


def _limit_waits(sock: socket.socket, timeout_s: float) -> None:
    """Let reads wait for so long at most.

    Python's own timeout waits in one call and reads in another, and so gives the interpreter to
    another thread twice for each piece. TLS knows no other.
    """
    if isinstance(sock, ssl.SSLSocket):
        sock.settimeout(timeout_s)
    else:
        sock.settimeout(None)
        seconds = int(timeout_s)
        limit = struct.pack("ll", seconds, int((timeout_s - seconds) * 1e6))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)


class _Incoming(io.RawIOBase):
    """What a socket receives; raises `TimeoutError` when the system's limit is reached."""

    def __init__(self, sock: socket.socket) -> None:
        self._file = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        length = self._file.readinto(buffer)
        if length is None:
            raise TimeoutError
        return length

    def close(self) -> None:
        self._file.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """Skips all provisional responses; the standard library skips `100 Continue` only."""

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp.close()
        self.fp = io.BufferedReader(_Incoming(sock))

    def _read_status(self) -> tuple[str, int, str]:
        version, status, reason = super()._read_status()  # type: ignore[misc]
        while 100 < status < 200:
            http.client.parse_headers(self.fp)
            version, status, reason = super()._read_status()  # type: ignore[misc]
        return version, status, reason


class _Body(httpx2.SyncByteStream):
    def __init__(
        self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse
    ) -> None:
        self._connection = connection
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        response = self._response
        with _mapped(httpx2.ReadTimeout, httpx2.ReadError):
            while data := response.read1(_READ_BYTES):
                yield data
            if response.length:
                raise httpx2.RemoteProtocolError("The body ended before its length.")

    def close(self) -> None:
        self._response.close()
        self._connection.close()


def _sync(request: httpx2.Request) -> httpx2.SyncByteStream:
    assert isinstance(request.stream, httpx2.SyncByteStream)
    return request.stream


@contextmanager
def _mapped(
    timeout: type[httpx2.TransportError], failure: type[httpx2.TransportError]
) -> Generator[None, None, None]:
    """Raise what httpx raises, without the original's words."""
    try:
        yield
    except TimeoutError as error:
        raise timeout(type(error).__name__) from error
    except http.client.HTTPException as error:
        raise httpx2.RemoteProtocolError(type(error).__name__) from error
    except (OSError, UnicodeError) as error:
        raise failure(type(error).__name__) from error
