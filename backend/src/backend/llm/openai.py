"""OpenAI and every server that speaks its protocol: xAI Grok, Ollama, vLLM, llama.cpp …"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
from backend.llm.failures import OUT_OF_ORDER, Refusal, retry_after_s, said
from backend.llm.model_sizes import context_tokens
from backend.llm.streams import complete, without_thoughts
from backend.llm.transport import Timeouts, failures_mapped, open_client

if TYPE_CHECKING:
    import openai

_NO_CHAT_MODEL = re.compile(
    r"embed|whisper|tts|dall-e|image|audio|realtime|transcribe|moderation|sora|video|search|"
    r"instruct|codex|davinci|babbage|computer-use",
    re.I,
)
_CONTEXT_FIELDS = ("context_length", "max_model_len", "context_window")
_FAILED_REASONS = ("error", "insufficient_system_resource")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one provider's server differs from the others."""

    name: str
    default_base_url: str | None
    needs_key: bool
    counts_usage: bool = True  # knows `stream_options`
    lists_other_models: bool = False  # lists models that cannot chat, too
    # OpenAI's reasoning models refuse the older `max_tokens`, which is all that others know.
    output_limit_field: str = "max_tokens"
    may_think_aloud: bool = True  # may send `<think>` blocks as text


class OpenAIProvider(Provider):
    """Streams chat completions through the official SDK."""

    def __init__(self, dialect: Dialect, credentials: Credentials, timeouts: Timeouts) -> None:
        """Check the credentials; connects to nothing.

        Raises:
            ApiKeyMissing: the provider wants a key and there is none.
            ProviderError: there is no base URL.
        """
        if dialect.needs_key and not credentials.api_key:
            raise ApiKeyMissing
        base_url = credentials.base_url or dialect.default_base_url
        if base_url is None:
            raise ProviderError("This provider needs a base URL. Add it in the settings.")
        self.name = dialect.name
        self._dialect = dialect
        self._api_key = credentials.api_key
        self._base_url = base_url
        self._timeouts = timeouts

    def stream(self, request: ChatRequest) -> Generator[Event, None, None]:
        events = self._events(request)
        if self._dialect.may_think_aloud:
            events = without_thoughts(events)
        return complete(events, self.name)

    def list_models(self) -> list[Model]:
        with (
            closing(self._client(self._timeouts.for_lists())) as client,
            self._failures_mapped(started=False),
        ):
            entries = client.models.list().data or []
        models = [_model(self.name, entry) for entry in entries if isinstance(entry.id, str)]
        if self._dialect.lists_other_models:
            models = [model for model in models if not _NO_CHAT_MODEL.search(model.name)]
        return sorted(models, key=lambda model: model.name)

    def _events(self, request: ChatRequest) -> Generator[Event, None, None]:
        import openai

        body = {
            "model": request.model,
            "messages": [{"role": turn.role, "content": turn.content} for turn in request.turns],
            "stream": True,
            **self._options(request),
        }
        with closing(self._client(self._timeouts)) as client:
            with self._failures_mapped(started=False):
                # `chat.completions.create` builds a model of each chunk, for ten times the
                # processor time of all the rest.
                chunks = client.post(
                    "/chat/completions",
                    cast_to=object,
                    body=body,
                    stream=True,
                    stream_cls=openai.Stream[object],
                )
            with closing(chunks), self._failures_mapped(started=True):
                yield from _read(chunks)

    def _options(self, request: ChatRequest) -> dict[str, Any]:
        options: dict[str, Any] = {}
        if self._dialect.counts_usage:
            options["stream_options"] = {"include_usage": True}
        if request.temperature is not None:
            options["temperature"] = request.temperature
        if request.max_output_tokens is not None:
            options[self._dialect.output_limit_field] = request.max_output_tokens
        return options

    def _client(self, timeouts: Timeouts) -> openai.OpenAI:
        import openai

        client = openai.OpenAI(
            api_key=self._api_key or "none",  # the SDK insists on one
            base_url=self._base_url,
            max_retries=0,
            http_client=open_client(self._base_url, timeouts),
        )
        # The SDK reads these from the server's environment; they are not the user's.
        client.organization = client.project = None
        client._custom_headers = {}
        return client

    def _failures_mapped(self, *, started: bool) -> AbstractContextManager[None]:
        import openai

        return failures_mapped(self.name, openai.OpenAIError, self._describe, started=started)

    def _describe(self, error: Exception) -> Refusal | None:
        import openai

        if not isinstance(error, openai.APIError):
            return None
        code: object = error.code  # some servers send the status as the code
        status = code if isinstance(code, int) else None
        pause_s = None
        if isinstance(error, openai.APIStatusError):
            status = error.status_code
            pause_s = retry_after_s(error.response.headers)
        return Refusal(
            self.name,
            status,
            (error.code, error.type),
            said(error.body),
            pause_s,
            self._api_key,
        )


def _read(chunks: Iterable[Any]) -> Iterator[Event]:
    is_finished = is_refused = False
    for chunk in chunks:
        for choice in chunk.get("choices") or ():
            delta = choice.get("delta") or {}
            content = delta.get("content")
            if content:
                if is_finished:
                    raise ProviderError(OUT_OF_ORDER)
                yield TextDelta(content)
            is_refused = is_refused or bool(delta.get("refusal"))
            if finish_reason := choice.get("finish_reason"):
                is_finished = True
                yield _finish(finish_reason, is_refused=is_refused)
        usage = chunk.get("usage") or {}
        if isinstance(usage.get("prompt_tokens"), int):
            yield Usage(usage["prompt_tokens"], usage.get("completion_tokens") or 0)


def _finish(reason: str, *, is_refused: bool) -> Finish:
    if reason in _FAILED_REASONS:
        raise ProviderError
    if is_refused or reason == "content_filter":
        return Finish("content_filter")
    return Finish("length" if reason == "length" else "stop")


def _model(provider: str, entry: Any) -> Model:
    extra = entry.model_extra or {}
    listed = next((extra[name] for name in _CONTEXT_FIELDS if isinstance(extra.get(name), int)), 0)
    return Model(
        id=f"{provider}:{entry.id}",
        provider=provider,
        name=entry.id,
        context_tokens=listed or context_tokens(provider, entry.id),
    )
