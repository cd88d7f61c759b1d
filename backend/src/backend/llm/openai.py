"""OpenAI and every server that speaks its protocol: xAI Grok, Ollama, vLLM, llama.cpp …"""

from __future__ import annotations

import functools
import ipaddress
import re
import ssl
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from backend.errors import (
    ApiKeyMissing,
    ContextTooLong,
    ProviderAuth,
    ProviderError,
    ProviderRateLimited,
    ProviderTimeout,
    ProviderUnreachable,
)
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

if TYPE_CHECKING:
    import openai
    from openai.types.chat import ChatCompletionMessageParam

# Listing answers a page that waits: it gives up soon.
_LIST_CONNECT_TIMEOUT_S = 1.0
_LIST_READ_TIMEOUT_S = 5.0
_MESSAGE_MAX_CHARACTERS = 300

_CONTEXT_CODES = ("context_length_exceeded", "exceed_context_size_error")
_CONTEXT_MESSAGE = re.compile(r"(maximum|available|max) context (length|size|window)", re.I)
_NO_CHAT_MODEL = re.compile(
    r"embed|whisper|tts|dall-e|image|audio|realtime|transcribe|moderation|sora|video|search|"
    r"instruct|codex|davinci|babbage|computer-use",
    re.I,
)
_CONTEXT_FIELDS = ("context_length", "max_model_len", "context_window")


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


class OpenAIProvider(Provider):
    """Streams chat completions through the official SDK."""

    def __init__(
        self,
        dialect: Dialect,
        credentials: Credentials,
        *,
        connect_timeout_s: float,
        idle_timeout_s: float,
    ) -> None:
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
        self._connect_timeout_s = connect_timeout_s
        self._idle_timeout_s = idle_timeout_s

    def stream(self, request: ChatRequest) -> Generator[Event, None, None]:
        options = self._options(request)
        messages = [{"role": turn.role, "content": turn.content} for turn in request.turns]
        with closing(self._client(self._connect_timeout_s, self._idle_timeout_s)) as client:
            with self._errors_mapped(started=False):
                chunks = client.chat.completions.create(
                    model=request.model,
                    messages=cast("list[ChatCompletionMessageParam]", messages),
                    stream=True,
                    **options,
                )
            with closing(chunks), self._errors_mapped(started=True):
                finish: Finish | None = None
                for chunk in chunks:
                    for event in _events(chunk):
                        if isinstance(event, Finish):
                            finish = event
                        else:
                            yield event
                if finish is None:
                    raise ProviderError("The provider broke off in mid-answer. Try again.")
                yield finish

    def list_models(self) -> list[Model]:
        connect_timeout_s = min(self._connect_timeout_s, _LIST_CONNECT_TIMEOUT_S)
        with (
            closing(self._client(connect_timeout_s, _LIST_READ_TIMEOUT_S)) as client,
            self._errors_mapped(started=False),
        ):
            entries = client.models.list().data or []
        models = [_model(self.name, entry) for entry in entries if isinstance(entry.id, str)]
        if self._dialect.lists_other_models:
            models = [model for model in models if not _NO_CHAT_MODEL.search(model.name)]
        return sorted(models, key=lambda model: model.name)

    def _options(self, request: ChatRequest) -> dict[str, Any]:
        options: dict[str, Any] = {}
        if self._dialect.counts_usage:
            options["stream_options"] = {"include_usage": True}
        if request.temperature is not None:
            options["temperature"] = request.temperature
        if request.max_output_tokens is not None:
            options[self._dialect.output_limit_field] = request.max_output_tokens
        return options

    def _client(self, connect_timeout_s: float, read_timeout_s: float) -> openai.OpenAI:
        import httpx2
        import openai

        client = openai.OpenAI(
            api_key=self._api_key or "none",  # the SDK insists on one
            base_url=self._base_url,
            max_retries=0,
            http_client=httpx2.Client(
                timeout=httpx2.Timeout(read_timeout_s, connect=connect_timeout_s),
                verify=_ssl_context(),
                trust_env=not _is_local(self._base_url),
            ),
        )
        # The SDK reads these from the server's environment; they are not the user's.
        client.organization = client.project = None
        return client

    @contextmanager
    def _errors_mapped(self, *, started: bool) -> Iterator[None]:
        """Turn the SDK's exceptions into ours.

        Args:
            started: whether the answer has begun, so that a lost connection cut it off.
        """
        import httpx2
        import openai

        try:
            yield
        except openai.APITimeoutError as error:
            if isinstance(error.__cause__, httpx2.ConnectTimeout):
                raise ProviderUnreachable from error
            raise ProviderTimeout from error
        except openai.APIConnectionError as error:
            if started:
                raise ProviderError("The provider broke off in mid-answer. Try again.") from error
            raise ProviderUnreachable from error
        except openai.APIStatusError as error:
            raise _from_status(error, self.name) from error
        except openai.APIError as error:
            raise _from_body(error, self.name) from error
        except (openai.OpenAIError, httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise ProviderError from error
        except (ValueError, TypeError, AttributeError) as error:
            # The SDK checks no shapes: a malformed answer surfaces as one of these.
            raise ProviderError("The provider sent something that is no valid answer.") from error


def _events(chunk: Any) -> Iterator[Event]:
    for choice in chunk.choices or ():
        content = choice.delta.content if choice.delta is not None else None
        if content:
            yield TextDelta(content)
        if choice.finish_reason == "length":
            yield Finish("length")
        elif choice.finish_reason == "content_filter":
            yield Finish("content_filter")
        elif choice.finish_reason is not None:
            yield Finish("stop")
    if chunk.usage is not None:
        yield Usage(chunk.usage.prompt_tokens, chunk.usage.completion_tokens)


def _model(provider: str, entry: Any) -> Model:
    extra = entry.model_extra or {}
    context = next((extra[name] for name in _CONTEXT_FIELDS if isinstance(extra.get(name), int)), 0)
    return Model(
        id=f"{provider}:{entry.id}",
        provider=provider,
        name=entry.id,
        context_tokens=context or None,
    )


def _from_status(error: openai.APIStatusError, provider: str) -> ProviderError:
    if error.status_code in (401, 403):
        return ProviderAuth(details={"provider": provider})  # its message may repeat the key
    if error.status_code == 429:
        details = _details(error, provider)
        retry_after = error.response.headers.get("retry-after", "")
        if retry_after.isdecimal():
            details["retry_after_s"] = int(retry_after)
        return ProviderRateLimited(details=details)
    return _from_body(error, provider)


def _from_body(error: openai.APIError, provider: str) -> ProviderError:
    details = _details(error, provider)
    if error.code in _CONTEXT_CODES or _CONTEXT_MESSAGE.search(error.message):
        return ContextTooLong(details=details)
    if getattr(error, "status_code", None) == 404:
        return ProviderError(
            "The provider does not know this model or address. Choose another model or check "
            "the base URL in the settings.",
            details=details,
        )
    return ProviderError(details=details)


def _details(error: openai.APIError, provider: str) -> dict[str, Any]:
    """Return what the provider said in its own words, as long as it is its protocol's JSON."""
    details: dict[str, Any] = {"provider": provider}
    if isinstance(error.body, dict) and isinstance(said := error.body.get("message"), str):
        details["provider_message"] = said[:_MESSAGE_MAX_CHARACTERS]
    return details


@functools.cache
def _ssl_context() -> ssl.SSLContext:
    """Loading the certificates takes tens of milliseconds: once for all connections."""
    return ssl.create_default_context()


def _is_local(base_url: str) -> bool:
    """Tell whether the server runs on this machine, where no proxy is to be asked."""
    host = urlsplit(base_url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
