"""Which providers there are, and their lists of models."""

import hashlib
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from backend.config import Config
from backend.errors import (
    ApiKeyMissing,
    ProviderAuth,
    ProviderError,
    UnknownModel,
    ValidationFailed,
)
from backend.llm import quotes
from backend.llm.anthropic import AnthropicProvider
from backend.llm.base import Credentials, Model, Provider
from backend.llm.google import GoogleProvider
from backend.llm.ollama import OllamaProvider
from backend.llm.openai import Dialect, OpenAIProvider
from backend.llm.transport import Timeouts

BUILTIN_MODEL: Final = f"{quotes.NAME}:{quotes.MODEL}"
# The providers everybody may store access to, in the order in which they are shown.
PROVIDER_NAMES: Final = ("openai", "anthropic", "google", "grok", "ollama", "custom")

_LISTED_FOR_S = 60.0
_FAILED_FOR_S = 10.0


def provider_names(config: Config) -> tuple[str, ...]:
    """Return the providers a user may store access to, those of CUSTOM_PROVIDERS last."""
    return (*PROVIDER_NAMES, *config.custom_endpoints)


def create_provider(name: str, credentials: Credentials, config: Config) -> Provider:
    """Return the provider called `name`; connects to nothing.

    Raises:
        UnknownModel: there is no such provider.
        ApiKeyMissing: it wants a key and there is none.
        ProviderError: the base URL is missing.
        ValidationFailed: the base URL is not an http(s) address.
    """
    if name == quotes.NAME:
        return quotes.QuotesProvider(config.quotes_max_sentences)
    if credentials.base_url is not None:
        base_url = check_base_url(credentials.base_url)
        if name == "ollama":
            base_url = ollama_base_url(base_url)
        credentials = Credentials(credentials.api_key, base_url)
    timeouts = Timeouts(config.provider_connect_timeout_s, config.provider_idle_timeout_s)
    match name:
        case "anthropic":
            return AnthropicProvider(credentials, timeouts)
        case "google":
            return GoogleProvider(credentials, timeouts)
        case "ollama":
            return OllamaProvider(_dialect(name, config), credentials, timeouts)
    return OpenAIProvider(_dialect(name, config), credentials, timeouts)


def _dialect(name: str, config: Config) -> Dialect:
    match name:
        case "openai":
            return Dialect(
                name,
                "https://api.openai.com/v1",
                needs_key=True,
                lists_other_models=True,
                output_limit_field="max_completion_tokens",
                may_think_aloud=False,
            )
        case "grok":
            return Dialect(
                name,
                "https://api.x.ai/v1",
                needs_key=True,
                lists_other_models=True,
                may_think_aloud=False,
            )
        case "ollama":
            return Dialect(name, ollama_base_url(config.ollama_url), needs_key=False)
        case "custom":
            return Dialect(name, None, needs_key=False, counts_usage=False)
    if (base_url := config.custom_endpoints.get(name)) is not None:
        return Dialect(name, check_base_url(base_url), needs_key=False, counts_usage=False)
    raise UnknownModel


def split_model(model: str, names: Collection[str]) -> tuple[str, str]:
    """Return the provider's and the model's name of an id `provider:name`.

    Args:
        names: those of the providers there are, besides the built-in one.

    Raises:
        UnknownModel: there is no such provider, or no name.
    """
    provider, _, name = model.partition(":")
    if (provider == quotes.NAME and name == quotes.MODEL) or (provider in names and name):
        return provider, name
    raise UnknownModel(details={"model": "This model is not known."})


def check_base_url(text: str) -> str:
    """Return the address without blanks and closing slash.

    Raises:
        ValidationFailed: it is not a complete http or https address.
    """
    base_url = text.strip().rstrip("/")
    try:
        parts = urlsplit(base_url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname)
        valid = valid and (parts.port is None or parts.port > 0)  # .port raises when out of range
        # What stands in an address is logged; a key or password has no place in it.
        valid = valid and parts.username is None and not parts.query and not parts.fragment
    except ValueError:
        valid = False
    if not valid or any(character.isspace() for character in base_url):
        problem = (
            "Enter an address that begins with http:// or https://, without a password or key."
        )
        raise ValidationFailed(details={"base_url": problem})
    return base_url


def ollama_base_url(url: str) -> str:
    """Return where Ollama speaks OpenAI's protocol; users give its address with or without /v1."""
    url = url.rstrip("/")
    return url if url.endswith("/v1") else f"{url}/v1"


@dataclass(frozen=True, slots=True)
class _Listed:
    models: list[Model]
    until: float


class ModelLists:
    """Asks providers for their models and remembers the answers for a short while."""

    def __init__(self, config: Config, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._config = config
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._listed: dict[tuple[str, ...], _Listed] = {}

    def get(self, name: str, credentials: Credentials) -> list[Model]:
        """Return the provider's models, or one entry that says why there are none."""
        key = (name, credentials.base_url or "", _digest(credentials.api_key))
        now = self._clock_s()
        with self._lock:
            self._listed = {k: v for k, v in self._listed.items() if v.until > now}
            if (known := self._listed.get(key)) is not None:
                return known.models
        models, lifetime_s = self._ask(name, credentials)
        with self._lock:
            self._listed[key] = _Listed(models, now + lifetime_s)
        return models

    def _ask(self, name: str, credentials: Credentials) -> tuple[list[Model], float]:
        try:
            models = create_provider(name, credentials, self._config).list_models()
        except ProviderAuth as error:
            message = error.message if credentials.api_key else ApiKeyMissing.default_message
            return [not_ready(name, message)], _FAILED_FOR_S
        except (ProviderError, ValidationFailed) as error:
            return [not_ready(name, error.message)], _FAILED_FOR_S
        if not models:
            return [not_ready(name, "The provider offers no model.")], _FAILED_FOR_S
        return models, _LISTED_FOR_S


def not_ready(name: str, reason: str) -> Model:
    """Return the entry of a provider that offers no model now, and why."""
    return Model(
        id=f"{name}:", provider=name, name="", context_tokens=None, ready=False, reason=reason
    )


def _digest(key: str | None) -> str:
    return hashlib.sha256((key or "").encode()).hexdigest()
