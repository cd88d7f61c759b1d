"""A real local server that speaks OpenAI's protocol; the model's name says how it behaves."""

import json
import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

DEADLINE_S = 20.0
WORDS = ["The lighthouse ", "is 77 metres ", "high 🗼 [1]."]
MODELS = ["gpt-words", "gpt-gated", "text-embedding-3-small"]

ERRORS: dict[str, tuple[int, dict[str, Any]]] = {
    "unauthorized": (401, {"message": "Incorrect API key provided: sk-1234", "code": "invalid"}),
    "forbidden": (403, {"message": "Country not supported", "code": "unsupported"}),
    "rate-limited": (429, {"message": "Slow down", "code": "rate_limit_exceeded"}),
    "broken": (500, {"message": "The server had an error", "code": None}),
    "unknown": (404, {"message": "The model does not exist", "code": "model_not_found"}),
    "too-long": (
        400,
        {
            "message": "This model's maximum context length is 8192 tokens.",
            "code": "context_length_exceeded",
        },
    ),
}


class OpenAIServer:
    """Answers chat completions and lists of models on a free local port.

    Models named as in ERRORS refuse; "gated" sends each word only after `release`; "slow N
    MS" sends N words, MS milliseconds apart; the others are methods of the handler.
    """

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.gate = threading.Semaphore(0)
        self.shutting_down = threading.Event()
        self._changed = threading.Condition()
        self._hang_ups = 0
        handler = type("Handler", (_Handler,), {"fake": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

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


@contextmanager
def run_openai_server() -> Iterator[OpenAIServer]:
    server = OpenAIServer()
    try:
        yield server
    finally:
        server.close()


def serve_forever() -> None:
    """Serve as a process of its own: the first line on stdout is the base URL."""
    server = OpenAIServer()
    print(server.base_url, flush=True)  # noqa: T201 - read by the parent
    threading.Event().wait()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    fake: ClassVar[OpenAIServer]

    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.fake.headers.append({k.lower(): v for k, v in self.headers.items()})
        if self.headers["Authorization"] == "Bearer sk-wrong":
            status, error = ERRORS["unauthorized"]
            self._json(status, {"error": error})
            return
        self._json(200, {"object": "list", "data": [{"id": m, "object": "model"} for m in MODELS]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.fake.requests.append(body)
        self.fake.headers.append({k.lower(): v for k, v in self.headers.items()})
        name, *numbers = body["model"].removeprefix("gpt-").split()
        if name in ERRORS:
            status, error = ERRORS[name]
            self._json(status, {"error": error})
            return
        try:
            if name != "mute":
                self._begin()
            behaviour: Callable[..., None] = getattr(self, f"_{name.replace('-', '_')}")
            behaviour(*map(int, numbers))
        except (BrokenPipeError, ConnectionResetError):
            self.fake.note_hang_up()
        self.close_connection = True

    # --- Behaviours

    def _words(self) -> None:
        self._delta(role="assistant", content="")
        for word in WORDS:
            self._delta(content=word)
        self._finish()

    def _slow(self, count: int, pause_ms: int) -> None:
        for number in range(count):
            self._delta(content=f"{number} ")
            if self._wait(pause_ms / 1000):
                return
        self._finish()

    def _gated(self) -> None:
        for word in WORDS:
            while not self.fake.gate.acquire(timeout=0.02):
                if self._hung_up():
                    return
            self._delta(content=word)
        self._finish()

    def _reasoning(self) -> None:
        self._delta(content=None, reasoning_content="Let me think")
        self._delta(content="Yes.", reasoning="Hm")
        self._finish()

    def _truncated(self) -> None:
        self._delta(content="A long")
        self._finish("length")

    def _withheld(self) -> None:
        self._delta(content="No")
        self._finish("content_filter")

    def _empty(self) -> None:
        self._finish()

    def _halves(self) -> None:
        self._delta(content="a\ud83d")
        self._delta(content="\ude00b\ud83d")
        self._delta(content="c\x00")
        self._finish()

    def _marks(self) -> None:
        self._delta(content="It is 77 metres high [1]. It was built by elves [9].")
        self._finish()

    def _early_end(self) -> None:
        self._delta(content="The light")
        self._end()

    def _cut(self) -> None:
        self._delta(content="The light")
        self.connection.shutdown(socket.SHUT_RDWR)

    def _malformed(self) -> None:
        self._delta(content="The light")
        self._send(b'data: {"choices": [oops\n\n')
        self._end()

    def _shapeless(self) -> None:
        self._delta(content="The light")
        self._send(b'data: {"choices": ["no"], "usage": 3}\n\n')
        self._end()

    def _complaining(self) -> None:
        self._delta(content="The light")
        self._send(b'data: {"error": {"message": "The model crashed"}}\n\n')
        self._end()

    def _silent(self) -> None:
        self._delta(content="The light")
        self._wait(DEADLINE_S)

    def _mute(self) -> None:
        self._wait(DEADLINE_S)

    # --- The protocol

    def _json(self, status: int, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if status == 429:
            self.send_header("Retry-After", "7")
        self.end_headers()
        self.wfile.write(body)

    def _begin(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _send(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def _event(self, choices: list[Any], **fields: Any) -> None:
        chunk = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        self._send(b"data: " + json.dumps({**chunk, "choices": choices, **fields}).encode())
        self._send(b"\n\n")

    def _delta(self, **delta: Any) -> None:
        self._event([{"index": 0, "delta": delta, "finish_reason": None}])

    def _finish(self, reason: str = "stop") -> None:
        self._event([{"index": 0, "delta": {}, "finish_reason": reason}])
        usage = {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}
        self._event([], usage=usage)
        self._send(b"data: [DONE]\n\n")
        self._end()

    def _end(self) -> None:
        self.wfile.write(b"0\r\n\r\n")

    def _wait(self, pause_s: float) -> bool:
        """Wait; True (and noted) if the client hangs up or the server closes meanwhile."""
        readable, _, _ = select.select([self.connection], [], [], pause_s)
        if readable and self._hung_up():
            return True
        return self.fake.shutting_down.is_set()

    def _hung_up(self) -> bool:
        readable, _, _ = select.select([self.connection], [], [], 0)
        if readable and not self.connection.recv(1, socket.MSG_PEEK):
            self.fake.note_hang_up()
            return True
        return self.fake.shutting_down.is_set()
