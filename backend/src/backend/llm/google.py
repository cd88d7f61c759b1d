"""Google's Gemini, by the Gemini API."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Final

from backend.errors import ApiKeyMissing, ProviderError
from backend.llm.base import (
    ChatRequest,
    Credentials,
    Event,
    Finish,
    Model,
    Provider,
    TextDelta,
    Usage,
)
from backend.llm.failures import Refusal, retry_after_s, said
from backend.llm.streams import complete
from backend.llm.transport import Timeouts, failures_mapped, open_client, ssl_context
from backend.llm.turns import split_turns

if TYPE_CHECKING:
    from google.genai import Client

NAME: Final = "google"
BASE_URL: Final = "https://generativelanguage.googleapis.com"
API_VERSION: Final = "v1beta"

_LISTED_AT_ONCE: Final = 1_000
_NO_CHAT_MODEL = re.compile(r"image|tts|audio|live|robotics|computer-use|embed|veo|lyria", re.I)
_FILTERED: Final = frozenset(
    {
        "SAFETY",
        "RECITATION",
        "LANGUAGE",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION",
        "MODEL_ARMOR",
        "ESCALATION",
    }
)
_DURATION = re.compile(r"(\d+(?:\.\d+)?)s")

STOPPED_UNNAMED: Final = (
    "The model stopped for a reason that is none of an answer's ends. Try again or choose "
    "another model."
)


class GoogleProvider(Provider):
    """Streams generated content through the official SDK."""

    name = NAME

    def __init__(self, credentials: Credentials, timeouts: Timeouts) -> None:
        """Check the credentials; connects to nothing.

        Raises:
            ApiKeyMissing: there is no key.
        """
        if not credentials.api_key:
            raise ApiKeyMissing
        self._api_key = credentials.api_key
        self._base_url = (credentials.base_url or BASE_URL).removesuffix(f"/{API_VERSION}")
        self._timeouts = timeouts

    def stream(self, request: ChatRequest) -> Generator[Event, None, None]:
        return complete(self._events(request), self.name)

    def list_models(self) -> list[Model]:
        with (
            self._client(self._timeouts.for_lists()) as client,
            self._failures_mapped(started=False),
        ):
            entries = list(client.models.list(config={"page_size": _LISTED_AT_ONCE}))
        models = [
            Model(
                id=f"{self.name}:{name}",
                provider=self.name,
                name=name,
                context_tokens=entry.input_token_limit or None,
            )
            for entry in entries
            if "generateContent" in (entry.supported_actions or ())
            and (name := (entry.name or "").removeprefix("models/"))
            and not _NO_CHAT_MODEL.search(name)
        ]
        return sorted(models, key=lambda model: model.name)

    def _events(self, request: ChatRequest) -> Generator[Event, None, None]:
        instructions, turns = split_turns(request.turns)
        contents: list[Any] = [
            {
                "role": "model" if turn.role == "assistant" else "user",
                "parts": [{"text": turn.content}],
            }
            for turn in turns
        ]
        config: dict[str, Any] = {"automatic_function_calling": {"disable": True}}
        if instructions:
            config["system_instruction"] = instructions
        if request.temperature is not None:
            config["temperature"] = request.temperature
        if request.max_output_tokens is not None:
            config["max_output_tokens"] = request.max_output_tokens
        with self._client(self._timeouts) as client:
            # The SDK connects with the first chunk, so whether it has begun is known only then.
            chunks = client.models.generate_content_stream(
                model=request.model,
                contents=contents,
                config=config,  # type: ignore[arg-type]
            )
            with self._failures_mapped(started=False):
                first = next(chunks, None)
            if first is not None:
                with self._failures_mapped(started=True):
                    yield from _read(first, chunks)

    @contextmanager
    def _client(self, timeouts: Timeouts) -> Iterator[Client]:
        import httpx2
        from google import genai
        from google.genai import types

        with open_client(self._base_url, timeouts) as http_client:
            # Everything is said outright: the SDK asks the server's environment for what is not.
            yield genai.Client(
                vertexai=False,
                api_key=self._api_key,
                http_options=types.HttpOptions(
                    base_url=self._base_url,
                    api_version=API_VERSION,
                    httpx_client=http_client,
                    # Never used, but made at some cost unless it is given.
                    httpx_async_client=httpx2.AsyncClient(verify=ssl_context()),
                    async_client_args={"ssl": ssl_context()},
                ),
            )

    def _failures_mapped(self, *, started: bool) -> AbstractContextManager[None]:
        from google.genai import errors

        return failures_mapped(self.name, errors.APIError, self._describe, started=started)

    def _describe(self, error: Exception) -> Refusal | None:
        from google.genai import errors

        if not isinstance(error, errors.APIError):
            return None
        details = _details(error.details)
        pause_s = retry_after_s(getattr(error.response, "headers", None) or {})
        reasons = [detail.get("reason") for detail in details]
        for detail in details:
            if found := _DURATION.fullmatch(str(detail.get("retryDelay", ""))):
                pause_s = float(found[1])
        return Refusal(
            self.name,
            error.code,
            (error.status, *reasons),
            said(error.message),
            pause_s,
            self._api_key,
        )


def _details(body: object) -> list[dict[str, Any]]:
    """Return the error's details: ErrorInfo with a reason, RetryInfo with a delay, …"""
    error = body.get("error", body) if isinstance(body, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    return [d for d in details if isinstance(d, dict)] if isinstance(details, list) else []


def _read(first: Any, chunks: Iterable[Any]) -> Iterator[Event]:
    yield from _events_of(first)
    for chunk in chunks:
        yield from _events_of(chunk)


def _events_of(chunk: Any) -> Iterator[Event]:
    """Yield our events; thoughts and parts that are not text are passed over."""
    if chunk.prompt_feedback is not None and chunk.prompt_feedback.block_reason:
        yield Finish("content_filter")
    for candidate in (chunk.candidates or ())[:1]:
        for part in (candidate.content and candidate.content.parts) or ():
            if part.text and not part.thought:
                yield TextDelta(part.text)
        if candidate.finish_reason:
            yield _finish(str(candidate.finish_reason.value))
    usage = chunk.usage_metadata
    if usage is not None and usage.prompt_token_count is not None:
        written = (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)
        yield Usage(usage.prompt_token_count, written)


def _finish(reason: str) -> Finish:
    if reason == "STOP":
        return Finish("stop")
    if reason == "MAX_TOKENS":
        return Finish("length")
    if reason in _FILTERED:
        return Finish("content_filter")
    raise ProviderError(STOPPED_UNNAMED)
