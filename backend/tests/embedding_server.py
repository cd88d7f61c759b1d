"""A real local server that speaks OpenAI's /embeddings; the model's name says how it behaves."""

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

ERRORS: dict[str, tuple[int, str]] = {
    "unauthorized": (401, "Incorrect API key provided"),
    "unknown": (404, "The model does not exist"),
    "rate-limited": (429, "Slow down"),
    "broken": (500, "The server had an error"),
}


class EmbeddingServer:
    """Answers with vectors made of the text's digest, so equal texts have equal vectors of a
    model, and no two models agree. What `synonyms` names means the same as what it stands for.

    "dimension-N" gives vectors of N numbers, models named as in ERRORS refuse, "flaky" fails
    every second request with 503, "odd" answers with fewer vectors than texts.
    """

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.asked: dict[str, list[str]] = {}  # the texts by model
        self.synonyms: dict[str, str] = {}
        self.refused_text: str | None = None  # a text that no model takes
        self.requests = 0
        self.keys: set[str] = set()
        self.is_down = False
        self.pause_s = 0.0  # before each answer
        handler = type("Handler", (_Handler,), {"fake": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def run_embedding_server() -> Iterator[EmbeddingServer]:
    server = EmbeddingServer()
    try:
        yield server
    finally:
        server.close()


def _vector(model: str, text: str, dimension: int) -> list[float]:
    digest = hashlib.shake_128(f"{model}\n{text}".encode()).digest(dimension)
    return [byte / 128 - 1 for byte in digest]


class _Handler(BaseHTTPRequestHandler):
    fake: ClassVar[EmbeddingServer]
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.fake.requests += 1
        time.sleep(self.fake.pause_s)
        self.fake.keys.add(self.headers["Authorization"])
        model, texts = body["model"], body["input"]
        if self.path != "/v1/embeddings":
            self._refuse(404, "There is nothing here")
        elif self.fake.is_down or (model == "flaky" and self.fake.requests % 2):
            self._refuse(503, "Loading the model")
        elif model in ERRORS:
            self._refuse(*ERRORS[model])
        elif not all(text.strip() or text == " " for text in texts):
            self._refuse(400, "Input cannot be an empty string")
        elif self.fake.refused_text in texts:
            self._refuse(400, "Input is not allowed")
        else:
            self.fake.texts += texts
            self.fake.asked.setdefault(model, []).extend(texts)
            dimension = int(model.rpartition("-")[2]) if "-" in model else 8
            kept = texts[:-1] if model == "odd" and len(texts) > 1 else texts
            meant = [self.fake.synonyms.get(text, text) for text in kept]
            data = [
                {"object": "embedding", "index": i, "embedding": _vector(model, text, dimension)}
                for i, text in enumerate(meant)
            ]
            usage = {"prompt_tokens": 1, "total_tokens": 1}
            # The protocol lets a server answer in any order.
            self._answer(
                200, {"object": "list", "data": data[::-1], "model": model, "usage": usage}
            )

    def _refuse(self, status: int, message: str) -> None:
        self._answer(status, {"error": {"message": message, "type": "x", "code": None}})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if status in (429, 503):
            self.send_header("retry-after-ms", "1")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_args: object) -> None:
        pass
