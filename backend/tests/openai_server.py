"""A real local server that speaks OpenAI's protocol; the model's name says how it behaves."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

from backend.clock import utc_now
from sse_server import DEADLINE_S, WORDS, Refusal, StreamHandler, StreamServer, compact

__all__ = ["DEADLINE_S", "ERRORS", "MODELS", "WORDS", "OpenAIServer", "run_openai_server"]

MODELS = ["gpt-words", "gpt-gated", "text-embedding-3-small"]


def _error(status: int, message: str, code: str | None, **headers: str) -> Refusal:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, {"error": {"message": message, "type": "error", "code": code}}, names


ERRORS: dict[str, Refusal] = {
    "unauthorized": _error(401, "Incorrect API key provided: sk-secret", "invalid_api_key"),
    "forbidden": _error(403, "Country not supported", "unsupported"),
    "no-credit": _error(
        429,
        "You exceeded your current quota, please check your plan and billing details.",
        "insufficient_quota",
    ),
    "no-money": _error(402, "Insufficient Balance", "invalid_request_error"),
    "rate-limited": _error(429, "Slow down", "rate_limit_exceeded", retry_after="7"),
    "rate-limited-ms": _error(429, "Slow down", None, retry_after_ms="1500", retry_after="9"),
    "broken": _error(500, "The server had an error with key sk-secret", None),
    "overloaded": _error(503, "The engine is overloaded", "server_overloaded", retry_after="30"),
    "unknown": _error(404, "The model does not exist", "model_not_found"),
    "lost": _error(404, "Not Found", None),
    "too-long": _error(
        400, "This model's maximum context length is 8192 tokens.", "context_length_exceeded"
    ),
    "filtered": _error(400, "The prompt was filtered", "content_filter"),
    "cold": _error(400, "Unsupported value: 'temperature' does not support 0.5", None),
}


class _Handler(StreamHandler):
    @property
    def errors(self) -> dict[str, Refusal]:
        in_an_hour = format_datetime(utc_now() + timedelta(hours=1), usegmt=True)
        until = _error(429, "Slow down", None, retry_after=in_an_hour)
        return {**ERRORS, "rate-limited-until": until}

    def key(self) -> str:
        return (self.headers["Authorization"] or "").removeprefix("Bearer ")

    def behaviour(self, body: dict[str, Any]) -> str:
        return str(body["model"]).removeprefix("gpt-")

    def models(self) -> dict[str, Any]:
        return {"object": "list", "data": [{"id": m, "object": "model"} for m in MODELS]}

    def open(self) -> None:
        self.delta(role="assistant", content="")

    def text_event(self, text: str) -> bytes:
        return self._chunk([{"index": 0, "delta": {"content": text}, "finish_reason": None}])

    def finish(self, reason: str = "stop") -> None:
        self.send(self._chunk([{"index": 0, "delta": {}, "finish_reason": reason}]))
        usage = {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}
        self.send(self._chunk([], usage=usage))
        self.send(b"data: [DONE]\n\n")
        self.end()

    def complain(self, name: str) -> None:
        self.send(b"data: " + compact(ERRORS[name][1]) + b"\n\n")

    def _reasoning(self) -> None:
        self.delta(content=None, reasoning_content="Let me think")
        self.delta(content="Yes.", reasoning="Hm")
        self.finish()

    def _thinking_aloud(self) -> None:
        for piece in ["\n<th", "ink>The height", " is asked</thi", "nk>\n", "\n", "Yes <", "b>."]:
            self.text(piece)
        self.finish()

    def _noisy(self) -> None:
        self.send(b": OPENROUTER PROCESSING\n\n")
        for word in WORDS:
            self.send(b":\n\nevent: ping\ndata: {}\n\n")
            self.send(self._chunk([]))
            self.delta(role="assistant")
            self.text(word)
        self.finish()

    def _out_of_order(self) -> None:
        self.text("The light")
        self.send(self._chunk([{"index": 0, "delta": {}, "finish_reason": "stop"}]))
        self.text("house")
        self.finish()

    def _shapeless(self) -> None:
        self.text("The light")
        self.send(b'data: {"choices": ["no"], "usage": 3}\n\n')
        self.end()

    def _refusing(self) -> None:
        self.delta(refusal="I cannot help with that.")
        self.finish()

    def _halves(self) -> None:
        """Halves of a surrogate pair in different pieces, escaped as JSON allows."""
        for piece in ["a\ud83d", "\ude00b\ud83d", "c\x00"]:
            self.delta(content=piece)
        self.finish()

    def delta(self, **delta: Any) -> None:
        chunk = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        choice = {"index": 0, "delta": delta, "finish_reason": None}
        self.send(b"data: " + json.dumps({**chunk, "choices": [choice]}).encode() + b"\n\n")

    def _chunk(self, choices: list[Any], **fields: Any) -> bytes:
        chunk = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        return b"data: " + compact({**chunk, "choices": choices, **fields}) + b"\n\n"


class OpenAIServer(StreamServer):
    """Answers chat completions and lists of models on a free local port."""

    handler = _Handler
    path = "/v1"


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
