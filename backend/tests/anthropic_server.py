"""A real local server that speaks Anthropic's Messages API; the model says how it behaves."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sse_server import WORDS, Refusal, StreamHandler, StreamServer, compact


def _error(status: int, kind: str, message: str, **headers: str) -> Refusal:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, {"type": "error", "error": {"type": kind, "message": message}}, names


ERRORS: dict[str, Refusal] = {
    "unauthorized": _error(401, "authentication_error", "invalid x-api-key sk-secret"),
    "forbidden": _error(403, "permission_error", "Your key may not use this resource."),
    "no-credit": _error(
        400,
        "invalid_request_error",
        "Your credit balance is too low to access the Anthropic API.",
    ),
    "no-money": _error(402, "billing_error", "There is a problem with your payment."),
    "rate-limited": _error(429, "rate_limit_error", "Slow down", retry_after="7"),
    "broken": _error(500, "api_error", "Internal server error with key sk-secret"),
    "overloaded": _error(529, "overloaded_error", "Overloaded"),
    "unknown": _error(404, "not_found_error", "model: claude-unknown"),
    "lost": _error(404, "not_found_error", "Not Found"),
    "too-long": _error(
        400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"
    ),
    "too-large": _error(413, "request_too_large", "Request exceeds the maximum size"),
    "cold": _error(400, "invalid_request_error", "`temperature` is not supported by this model."),
}
_REASONS = {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal"}


def _event(kind: str, **fields: Any) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), compact({"type": kind, **fields}))


class _Handler(StreamHandler):
    errors = ERRORS

    def key(self) -> str:
        bearer = (self.headers["Authorization"] or "").removeprefix("Bearer ")
        return self.headers["x-api-key"] or bearer

    def behaviour(self, body: dict[str, Any]) -> str:
        return str(body["model"])

    def models(self) -> dict[str, Any]:
        entry = {"type": "model", "created_at": "2026-01-01T00:00:00Z", "display_name": "Words"}
        sized = {**entry, "lifecycle": "active", "max_input_tokens": 200_000, "max_tokens": 64_000}
        data = [
            {**sized, "id": "words"},
            {**entry, "id": "dripping", "lifecycle": "active"},
            {**sized, "id": "claude-of-old", "lifecycle": "retired"},
        ]
        return {"data": data, "has_more": False, "first_id": "words", "last_id": "claude-of-old"}

    def open(self) -> None:
        self.send(self._start())
        self.send(_event("ping"))
        self.send(self._block(0, "text", text=""))

    def text_event(self, text: str) -> bytes:
        return _event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})

    def finish(self, reason: str = "stop") -> None:
        self.send(_event("content_block_stop", index=0))
        self.send(
            _event(
                "message_delta",
                delta={"stop_reason": _REASONS[reason], "stop_sequence": None},
                usage={"output_tokens": 3},
            )
        )
        self.send(_event("message_stop"))
        self.end()

    def complain(self, name: str) -> None:
        self.send(b"event: error\ndata: " + compact(ERRORS[name][1]) + b"\n\n")

    def _reasoning(self) -> None:
        self.send(self._block(1, "thinking", thinking="", signature=""))
        for delta in (
            {"type": "thinking_delta", "thinking": "Let me think"},
            {"type": "signature_delta", "signature": "x"},
        ):
            self.send(_event("content_block_delta", index=1, delta=delta))
        self.send(_event("content_block_stop", index=1))
        self.send(self._block(2, "redacted_thinking", data="x"))
        self.send(_event("content_block_stop", index=2))
        self.text("Yes.")
        self.finish()

    def _noisy(self) -> None:
        self.send(b": keep-alive\n\n")
        self.send(self._block(1, "tool_use", id="t", name="look", input={}))
        delta = {"type": "input_json_delta", "partial_json": "{}"}
        self.send(_event("content_block_delta", index=1, delta=delta))
        self.send(_event("content_block_stop", index=1))
        self.send(self._block(2, "hologram", light="x"))
        self.send(_event("content_block_delta", index=2, delta={"type": "light", "x": 1}))
        for word in WORDS:
            self.send(_event("ping") + _event("weather", sky="blue"))
            self.text(word)
        self.finish()

    def _out_of_order(self) -> None:
        self.text("The light")
        self.send(_event("content_block_stop", index=0))
        self.text("house")
        self.finish()

    def _shapeless(self) -> None:
        self.text("The light")
        self.send(b'event: content_block_delta\ndata: ["no"]\n\n')
        self.end()

    def _unended(self) -> None:
        """A stop reason, but no `message_stop`."""
        self.text("The light")
        self.send(
            _event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 3})
        )
        self.end()

    @staticmethod
    def _start() -> bytes:
        usage = {
            "input_tokens": 2,
            "cache_read_input_tokens": 9,
            "cache_creation_input_tokens": 1,
            "output_tokens": 1,
        }
        message = {
            "id": "msg", "type": "message", "role": "assistant", "model": "m", "content": [],
            "stop_reason": None, "stop_sequence": None, "usage": usage,
        }  # fmt: skip
        return _event("message_start", message=message)

    @staticmethod
    def _block(index: int, kind: str, **fields: Any) -> bytes:
        return _event("content_block_start", index=index, content_block={"type": kind, **fields})


class AnthropicServer(StreamServer):
    """Answers messages and lists of models on a free local port."""

    handler = _Handler


@contextmanager
def run_anthropic_server() -> Iterator[AnthropicServer]:
    server = AnthropicServer()
    try:
        yield server
    finally:
        server.close()
