"""A real local server that speaks the Gemini API; the model's name says how it behaves."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sse_server import WORDS, Refusal, StreamHandler, StreamServer, compact

_TYPES = "type.googleapis.com/google.rpc"


def _error(status: int, name: str, message: str, *details: dict[str, Any]) -> Refusal:
    error = {"code": status, "message": message, "status": name, "details": list(details)}
    return status, {"error": error}


def _reason(reason: str) -> dict[str, Any]:
    return {"@type": f"{_TYPES}.ErrorInfo", "reason": reason, "domain": "googleapis.com"}


ERRORS: dict[str, Refusal] = {
    "unauthorized": _error(
        400,
        "INVALID_ARGUMENT",
        "API key not valid: sk-secret. Please pass a valid API key.",
        _reason("API_KEY_INVALID"),
    ),
    "forbidden": _error(403, "PERMISSION_DENIED", "The caller does not have permission"),
    "no-credit": _error(
        403, "PERMISSION_DENIED", "Please enable billing.", _reason("BILLING_DISABLED")
    ),
    "no-money": _error(429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted."),
    "rate-limited": _error(
        429,
        "RESOURCE_EXHAUSTED",
        "You exceeded your current quota, please check your plan and billing details.",
        {"@type": f"{_TYPES}.RetryInfo", "retryDelay": "6.4s"},
    ),
    "broken": _error(500, "INTERNAL", "An internal error with key sk-secret"),
    "overloaded": _error(503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
    "unknown": _error(
        404, "NOT_FOUND", "models/unknown is not found for API version v1beta, or is not supported"
    ),
    "lost": _error(404, "NOT_FOUND", "Requested entity was not found."),
    "too-long": _error(
        400,
        "INVALID_ARGUMENT",
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
    ),
    "cold": _error(400, "INVALID_ARGUMENT", "temperature must be in the range [0.0, 2.0]."),
}
_REASONS = {"stop": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY"}
_MODEL = re.compile(r"/v1beta/models/([^/:?]+):streamGenerateContent\?alt=sse$")


def _chunk(*parts: dict[str, Any], reason: str | None = None, **fields: Any) -> bytes:
    candidate: dict[str, Any] = {"content": {"parts": list(parts), "role": "model"}, "index": 0}
    if reason:
        candidate["finishReason"] = reason
    return b"data: " + compact({"candidates": [candidate], **fields}) + b"\r\n\r\n"


class _Handler(StreamHandler):
    errors = ERRORS

    def key(self) -> str:
        return self.headers["x-goog-api-key"] or ""

    def behaviour(self, body: dict[str, Any]) -> str:
        found = _MODEL.match(self.path)
        assert found, self.path
        return found[1]

    def models(self) -> dict[str, Any]:
        chat = {"supportedGenerationMethods": ["generateContent", "countTokens"]}
        return {
            "models": [
                {**chat, "name": "models/words", "inputTokenLimit": 1_048_576},
                {**chat, "name": "models/dripping"},
                {**chat, "name": "models/words-image"},
                {"name": "models/embedder", "supportedGenerationMethods": ["embedContent"]},
            ]
        }

    def text_event(self, text: str) -> bytes:
        return _chunk({"text": text})

    def finish(self, reason: str = "stop") -> None:
        usage = {
            "promptTokenCount": 12,
            "cachedContentTokenCount": 9,
            "candidatesTokenCount": 1,
            "thoughtsTokenCount": 2,
            "totalTokenCount": 15,
        }
        self.send(_chunk(reason=_REASONS[reason], usageMetadata=usage))
        self.end()

    def complain(self, name: str) -> None:
        self.send(b"data: " + compact(ERRORS[name][1]) + b"\r\n\r\n")

    def _reasoning(self) -> None:
        self.send(_chunk({"text": "Let me think", "thought": True}))
        self.send(_chunk({"text": "Yes.", "thoughtSignature": "eA=="}))
        self.finish()

    def _noisy(self) -> None:
        self.send(b"data: {}\r\n\r\n")
        self.send(b'data: {"candidates": [], "weather": "fine"}\r\n\r\n')
        self.send(_chunk({"functionCall": {"name": "look", "args": {}}}))
        self.send(b'data: {"candidates": [{"index": 0}]}\r\n\r\n')
        for word in WORDS:
            self.send(_chunk({"text": word}, reason="STOP"))  # as older models do
        self.finish()

    def _out_of_order(self) -> None:
        self.text("The light")
        self.send(_chunk(reason="UNEXPECTED_TOOL_CALL"))
        self.end()

    def _shapeless(self) -> None:
        self.text("The light")
        self.send(b'data: {"candidates": ["no"]}\r\n\r\n')
        self.end()

    def _prompt_blocked(self) -> None:
        self.send(b'data: {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}\r\n\r\n')
        self.end()

    def _recitation(self) -> None:
        self.text("It was the best")
        self.send(_chunk(reason="RECITATION"))
        self.end()


class GoogleServer(StreamServer):
    """Answers streamGenerateContent and lists of models on a free local port."""

    handler = _Handler


@contextmanager
def run_google_server() -> Iterator[GoogleServer]:
    server = GoogleServer()
    try:
        yield server
    finally:
        server.close()
