"""Anthropic's Claude, by its Messages API."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import AbstractContextManager, closing
from typing import TYPE_CHECKING, Any, Final, cast

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
from backend.llm.failures import OUT_OF_ORDER, Refusal, retry_after_s
from backend.llm.streams import complete
from backend.llm.transport import Timeouts, failures_mapped, open_client
from backend.llm.turns import split_turns

if TYPE_CHECKING:
    import anthropic
    from anthropic.types import MessageParam

NAME: Final = "anthropic"
BASE_URL: Final = "https://api.anthropic.com"
# The API insists on a limit. Every Claude since 3.5 takes this one.
DEFAULT_MAX_OUTPUT_TOKENS: Final = 8_192
MAX_TEMPERATURE: Final = 1.0

_LISTED_AT_ONCE: Final = 1_000
_MOST_LIMITS: Final = 10_000
_FINISHES: Final = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "content_filter",
}


class AnthropicProvider(Provider):
    """Streams messages through the official SDK."""

    name = NAME

    def __init__(self, credentials: Credentials, timeouts: Timeouts) -> None:
        """Check the credentials; connects to nothing.

        Raises:
            ApiKeyMissing: there is no key.
        """
        if not credentials.api_key:
            raise ApiKeyMissing
        self._api_key = credentials.api_key
        self._base_url = (credentials.base_url or BASE_URL).removesuffix("/v1")
        self._timeouts = timeouts

    def stream(self, request: ChatRequest) -> Generator[Event, None, None]:
        return complete(self._events(request), self.name)

    def list_models(self) -> list[Model]:
        with (
            closing(self._client(self._timeouts.for_lists())) as client,
            self._failures_mapped(started=False),
        ):
            entries = client.models.list(limit=_LISTED_AT_ONCE).data or []
        entries = [entry for entry in entries if isinstance(entry.id, str)]
        for entry in entries:
            _output_limits.learn(self._base_url, entry)
        return [
            Model(
                id=f"{self.name}:{entry.id}",
                provider=self.name,
                name=entry.id,
                context_tokens=entry.max_input_tokens or None,
            )
            for entry in entries
            if getattr(entry, "lifecycle", None) != "retired"
        ]

    def _events(self, request: ChatRequest) -> Generator[Event, None, None]:
        instructions, turns = split_turns(request.turns)
        messages = [{"role": turn.role, "content": turn.content} for turn in turns]
        options: dict[str, Any] = {}
        if instructions:
            options["system"] = instructions
        if request.temperature is not None:
            # The SDK names it no more; newer models refuse it.
            options["extra_body"] = {"temperature": min(request.temperature, MAX_TEMPERATURE)}
        limit = request.max_output_tokens or _output_limits.get(self._base_url, request.model)
        with closing(self._client(self._timeouts)) as client:
            with self._failures_mapped(started=False):
                events = client.messages.create(
                    model=request.model,
                    messages=cast("list[MessageParam]", messages),
                    max_tokens=limit,
                    stream=True,
                    **options,
                )
            with closing(events), self._failures_mapped(started=True):
                yield from _read(events)

    def _client(self, timeouts: Timeouts) -> anthropic.Anthropic:
        import anthropic

        client = anthropic.Anthropic(
            api_key=self._api_key,
            base_url=self._base_url,
            max_retries=0,
            open_telemetry=False,
            http_client=open_client(self._base_url, timeouts),
        )
        # The SDK reads headers from the server's environment; they are not the user's.
        client._custom_headers = {}
        return client

    def _failures_mapped(self, *, started: bool) -> AbstractContextManager[None]:
        import anthropic

        return failures_mapped(self.name, anthropic.AnthropicError, self._describe, started=started)

    def _describe(self, error: Exception) -> Refusal | None:
        import anthropic

        if not isinstance(error, anthropic.APIStatusError):
            return None
        return Refusal(
            self.name,
            error.status_code,
            (error.type, error.error_code),
            error.api_message,
            retry_after_s(error.response.headers),
            self._api_key,
        )


class _OutputLimits:
    """The models' own limits, as last listed: public facts, the same for every key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._limits: dict[tuple[str, str], int] = {}

    def learn(self, base_url: str, entry: Any) -> None:
        limit, context = entry.max_tokens, entry.max_input_tokens
        if isinstance(limit, int) and limit > 0:
            # Prompt and limit together must fit the window: some models refuse what might not.
            if isinstance(context, int) and context > 0:
                limit = min(limit, context // 4)
            with self._lock:
                if len(self._limits) >= _MOST_LIMITS:
                    self._limits.clear()
                self._limits[base_url, entry.id] = limit

    def get(self, base_url: str, model: str) -> int:
        with self._lock:
            return self._limits.get((base_url, model), DEFAULT_MAX_OUTPUT_TOKENS)


_output_limits = _OutputLimits()


def _read(events: Iterable[Any]) -> Iterator[Event]:
    """Yield our events; kinds and blocks that are not known, such as thinking, are passed over."""
    input_tokens: int | None = None
    open_blocks: set[int] = set()
    finish: Finish | None = None
    for event in events:
        kind = getattr(event, "type", None)
        if kind == "message_start":
            input_tokens = _input_tokens(event.message.usage) or 0
        elif input_tokens is None or (finish is not None and kind == "content_block_delta"):
            raise ProviderError(OUT_OF_ORDER)
        elif kind == "content_block_start":
            open_blocks.add(event.index)
            if event.content_block.type == "text" and event.content_block.text:
                yield TextDelta(event.content_block.text)
        elif kind == "content_block_delta":
            if event.index not in open_blocks:
                raise ProviderError(OUT_OF_ORDER)
            if event.delta.type == "text_delta" and event.delta.text:
                yield TextDelta(event.delta.text)
        elif kind == "content_block_stop":
            open_blocks.discard(event.index)
        elif kind == "message_delta":
            input_tokens = _input_tokens(event.usage) or input_tokens
            yield Usage(input_tokens, event.usage.output_tokens)
            if event.delta.stop_reason:
                finish = Finish(_FINISHES.get(event.delta.stop_reason, "stop"))  # type: ignore[arg-type]
        elif kind == "message_stop" and finish is not None:
            yield finish


def _input_tokens(usage: Any) -> int | None:
    """Return the prompt's tokens; those read from and written to the cache are counted apart."""
    if usage is None or usage.input_tokens is None:
        return None
    cached = (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)
    return int(usage.input_tokens) + cached
