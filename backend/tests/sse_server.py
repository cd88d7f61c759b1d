"""A local server that streams answers; each vendor's module says how its protocol looks.

The model's name in a request says how the server behaves. Behaviours that mean the same in
every protocol stand here, once.
"""

import json
import select
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

DEADLINE_S = 20.0
WORDS = ["The lighthouse ", "is 77 metres ", "high 🗼 [1]."]

Refusal = tuple[int, dict[str, Any]] | tuple[int, dict[str, Any], dict[str, str]]


class StreamServer:
    """Answers on a free local port. Every request's body and headers are kept.

    "gated" sends each word only after `release`; "slow N MS" sends N words, MS milliseconds
    apart; names in the handler's `errors` refuse; the others are methods of the handler.
    """

    handler: ClassVar[type["StreamHandler"]]
    path = ""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.gate = threading.Semaphore(0)
        self.shutting_down = threading.Event()
        self._changed = threading.Condition()
        self._hang_ups = 0
        handler = type("Handler", (self.handler,), {"fake": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}{self.path}"

    def release(self, words: int) -> None:
        """Let the gated model send so many words more."""
        self.gate.release(words)

    def wait_for_hang_up(self) -> None:
        """Wait until a client has closed its connection in mid-answer."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._hang_ups > 0, DEADLINE_S)

    def note_hang_up(self) -> None:
        with self._changed:
            self._hang_ups += 1
            self._changed.notify_all()

    def close(self) -> None:
        self.shutting_down.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are what some tests are about."""


class StreamHandler(BaseHTTPRequestHandler):
    """One connection. Subclasses speak a vendor's protocol in the methods that raise here."""

    protocol_version = "HTTP/1.1"
    fake: ClassVar[StreamServer]
    errors: ClassVar[dict[str, Refusal]]

    # --- What a protocol says

    def key(self) -> str:
        """Return the key that the request carries."""
        raise NotImplementedError

    def behaviour(self, body: dict[str, Any]) -> str:
        """Return the name of the model that is asked."""
        raise NotImplementedError

    def models(self) -> dict[str, Any]:
        """Return the list of models."""
        raise NotImplementedError

    def text_event(self, text: str) -> bytes:
        """Return the event that carries a piece of text, its characters not escaped."""
        raise NotImplementedError

    def open(self) -> None:
        """Send what comes before the first piece of text."""

    def finish(self, reason: str = "stop") -> None:
        """Send what closes an answer: reason "stop", "length" or "content_filter"."""
        raise NotImplementedError

    def complain(self, name: str) -> None:
        """Send one of the errors as an event in mid-stream."""
        raise NotImplementedError

    def _reasoning(self) -> None:
        raise NotImplementedError

    def _noisy(self) -> None:
        """Send comments, pings and kinds of events nobody knows between the words."""
        raise NotImplementedError

    def _out_of_order(self) -> None:
        raise NotImplementedError

    def _shapeless(self) -> None:
        """Send JSON that is no event."""
        raise NotImplementedError

    # --- HTTP

    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.fake.headers.append({k.lower(): v for k, v in self.headers.items()})
        refused = {"sk-wrong": "unauthorized", "sk-poor": "no-credit"}.get(self.key())
        if refused:
            self.refuse(refused)
        else:
            self.send_json(200, self.models())

    def do_POST(self) -> None:
        self.answer()

    def answer(self) -> None:
        """Answer a POST as its model's name says."""
        body = self.read_json()
        self.fake.requests.append(body)
        self.fake.headers.append({k.lower(): v for k, v in self.headers.items()})
        name, *numbers = self.behaviour(body).split()
        if name in self.errors:
            self.refuse(name)
            return
        try:
            if name != "mute":
                self.begin()
            behaviour: Callable[..., None] = getattr(self, f"_{name.replace('-', '_')}")
            behaviour(*map(int, numbers))
        except (BrokenPipeError, ConnectionResetError):
            self.fake.note_hang_up()
        self.close_connection = True

    def read_json(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        return body

    def refuse(self, name: str) -> None:
        status, error, *headers = self.errors[name]
        self.send_json(status, error, *headers)

    def send_json(self, status: int, value: object, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, content in (headers or {}).items():
            self.send_header(name, content)
        self.end_headers()
        self.wfile.write(body)

    def begin(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.open()

    def send(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def text(self, text: str) -> None:
        self.send(self.text_event(text))

    def end(self) -> None:
        self.wfile.write(b"0\r\n\r\n")

    # --- Behaviours that every protocol shares

    def _words(self) -> None:
        for word in WORDS:
            self.text(word)
        self.finish()

    def _slow(self, count: int, pause_ms: int) -> None:
        for number in range(count):
            self.text(f"{number} ")
            if self.wait(pause_ms / 1000):
                return
        self.finish()

    def _gated(self) -> None:
        for word in WORDS:
            while not self.fake.gate.acquire(timeout=0.02):
                if self.hung_up():
                    return
            self.text(word)
        self.finish()

    def _dripping(self) -> None:
        """Send the words byte by byte."""
        for word in WORDS:
            for byte in self.text_event(word):
                self.send(bytes([byte]))
        self.finish()

    def _truncated(self) -> None:
        self.text("A long")
        self.finish("length")

    def _all_thought(self) -> None:
        self.finish("length")

    def _withheld(self) -> None:
        self.text("No")
        self.finish("content_filter")

    def _blocked(self) -> None:
        self.finish("content_filter")

    def _empty(self) -> None:
        self.finish()

    def _marks(self) -> None:
        self.text("It is 77 metres high [1]. It was built by elves [9].")
        self.finish()

    def _early_end(self) -> None:
        self.text("The light")
        self.end()

    def _cut(self) -> None:
        self.text("The light")
        self.connection.shutdown(socket.SHUT_RDWR)

    def _cut_in_line(self) -> None:
        self.text("The light")
        event = self.text_event("house is")
        self.send(event[: len(event) // 2])
        self.connection.shutdown(socket.SHUT_RDWR)

    def _cut_in_character(self) -> None:
        """End the body, as a proxy in between would, amid the bytes of one character."""
        self.text("The light")
        event = self.text_event("house 🗼")
        self.send(event[: event.index("🗼".encode()) + 2])
        self.end()

    def _malformed(self) -> None:
        self.text("The light")
        event = self.text_event("house")
        self.send(event[: event.rindex(b"}")] + b"\n\n")
        self.end()

    def _complaining(self) -> None:
        self.text("The light")
        self.complain("broken")
        self.end()

    def _overloaded_later(self) -> None:
        self.text("The light")
        self.complain("overloaded")
        self.end()

    def _silent(self) -> None:
        self.text("The light")
        self.wait(DEADLINE_S)

    def _mute(self) -> None:
        self.wait(DEADLINE_S)

    # --- Waiting

    def wait(self, pause_s: float) -> bool:
        """Wait; True (and noted) if the client hangs up or the server closes meanwhile."""
        readable, _, _ = select.select([self.connection], [], [], pause_s)
        if readable and self.hung_up():
            return True
        return self.fake.shutting_down.is_set()

    def hung_up(self) -> bool:
        readable, _, _ = select.select([self.connection], [], [], 0)
        if readable and not self.connection.recv(1, socket.MSG_PEEK):
            self.fake.note_hang_up()
            return True
        return self.fake.shutting_down.is_set()


def compact(value: object) -> bytes:
    """Return JSON with its characters as they are."""
    return json.dumps(value, ensure_ascii=False).encode()
