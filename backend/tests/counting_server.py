"""A real local server that speaks OpenAI's protocol, counts tokens and has a window."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

ANSWER = "It is 77 metres high [1]."
MODEL = "counted"


class CountingServer:
    """Answers as long as the prompt fits `window`; a token is `characters_per_token` long.

    `reply` makes the answer to a request's body; `listed_window` is what the list of models
    tells, None: nothing.
    """

    def __init__(self) -> None:
        self.window = 8_000
        self.listed_window: int | None = self.window
        self.characters_per_token = 4
        self.reply: Callable[[dict[str, Any]], str] = lambda _body: ANSWER
        self.requests: list[dict[str, Any]] = []
        self.lists = 0
        handler = type("Handler", (_Handler,), {"fake": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def tokens(self, body: dict[str, Any]) -> int:
        """Return how many tokens the prompt takes."""
        return sum(len(m["content"]) for m in body["messages"]) // self.characters_per_token

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def run_counting_server() -> Iterator[CountingServer]:
    server = CountingServer()
    try:
        yield server
    finally:
        server.close()


class _Handler(BaseHTTPRequestHandler):
    fake: ClassVar[CountingServer]

    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.fake.lists += 1
        model: dict[str, Any] = {"id": MODEL, "object": "model"}
        if self.fake.listed_window is not None:
            model["context_length"] = self.fake.listed_window
        self._send(200, "application/json", json.dumps({"object": "list", "data": [model]}))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.fake.requests.append(body)
        tokens = self.fake.tokens(body)
        if tokens > self.fake.window:
            error = {
                "message": f"This model's maximum context length is {self.fake.window} tokens.",
                "code": "context_length_exceeded",
            }
            self._send(400, "application/json", json.dumps({"error": error}))
            return
        text = self.fake.reply(body)
        usage = {"prompt_tokens": tokens, "completion_tokens": 7, "total_tokens": tokens + 7}
        chunks: list[dict[str, Any]] = [
            {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]},
            {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
            {"choices": [], "usage": usage},
        ]
        common = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": MODEL}
        lines = [f"data: {json.dumps({**common, **chunk})}\n\n" for chunk in chunks]
        self._send(200, "text/event-stream", "".join([*lines, "data: [DONE]\n\n"]))

    def _send(self, status: int, content_type: str, text: str) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
