"""Which providers there are, and their lists of models."""

from collections.abc import Callable, Iterator

import pytest

from backend.config import Config
from backend.errors import ApiKeyMissing, ProviderError, UnknownModel, ValidationFailed
from backend.llm.base import Credentials
from backend.llm.registry import (
    PROVIDER_NAMES,
    ModelLists,
    check_base_url,
    create_provider,
    ollama_base_url,
    split_model,
)
from openai_server import OpenAIServer, run_openai_server


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with run_openai_server() as running:
        yield running


@pytest.mark.parametrize(
    ("model", "parts"),
    [
        ("builtin:quotes", ("builtin", "quotes")),
        ("openai:gpt-5", ("openai", "gpt-5")),
        ("ollama:llama3:8b", ("ollama", "llama3:8b")),
        ("custom:org/model", ("custom", "org/model")),
    ],
)
def test_a_model_id_names_provider_and_model(model: str, parts: tuple[str, str]) -> None:
    assert split_model(model) == parts


@pytest.mark.parametrize("model", ["", ":", "openai", "openai:", "builtin:x", "nobody:gpt", "🗼:x"])
def test_any_other_model_id_is_unknown(model: str) -> None:
    with pytest.raises(UnknownModel):
        split_model(model)


def test_every_provider_can_be_made(config: Config) -> None:
    for name in PROVIDER_NAMES:
        provider = create_provider(name, Credentials("key", "http://localhost:1/v1"), config)
        assert provider.name == name
    assert create_provider("builtin", Credentials(), config).name == "builtin"
    with pytest.raises(UnknownModel):
        create_provider("nobody", Credentials(), config)


def test_what_is_missing_is_said(config: Config) -> None:
    with pytest.raises(ApiKeyMissing):
        create_provider("openai", Credentials(), config)
    with pytest.raises(ApiKeyMissing):
        create_provider("grok", Credentials(), config)
    with pytest.raises(ProviderError, match="base URL"):
        create_provider("custom", Credentials(), config)
    create_provider("ollama", Credentials(), config)


@pytest.mark.parametrize(
    "url",
    ["", "ftp://x", "file:///etc/passwd", "localhost:11434", "http://", "http://a b", "http://x:0x",
     "http://x:99999", "javascript:alert(1)", "http://[::1"],
)  # fmt: skip
def test_only_complete_http_addresses_are_taken(config: Config, url: str) -> None:
    with pytest.raises(ValidationFailed):
        check_base_url(url)
    with pytest.raises(ValidationFailed):
        create_provider("custom", Credentials("k", url), config)


def test_an_address_loses_blanks_and_closing_slashes() -> None:
    assert check_base_url(" https://x.example/v1/ ") == "https://x.example/v1"
    assert ollama_base_url("http://h:11434/") == "http://h:11434/v1"
    assert ollama_base_url("http://h:11434/v1") == "http://h:11434/v1"


def test_a_list_is_remembered_for_a_minute(config: Config, server: OpenAIServer) -> None:
    now = [0.0]
    lists = ModelLists(config, clock_s=lambda: now[0])
    credentials = Credentials("k", server.base_url)
    first = lists.get("custom", credentials)
    assert lists.get("custom", credentials) == first
    assert len(server.headers) == 1
    lists.get("custom", Credentials("another key", server.base_url))
    assert len(server.headers) == 2
    now[0] = 61.0
    lists.get("custom", credentials)
    assert len(server.headers) == 3


def test_ollama_that_does_not_run_is_not_ready_and_says_why(
    make_config: Callable[..., Config],
) -> None:
    lists = ModelLists(make_config(ollama_url="http://127.0.0.1:9"))
    [entry] = lists.get("ollama", Credentials())
    assert not entry.ready
    assert entry.reason
    assert "cannot be reached" in entry.reason
