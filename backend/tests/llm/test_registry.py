"""Which providers there are, and their lists of models."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from anthropic_server import run_anthropic_server
from backend.config import BUILT_IN_PROVIDERS, Config
from backend.errors import (
    ApiKeyMissing,
    ConfigurationError,
    ProviderAuth,
    ProviderError,
    UnknownModel,
    ValidationFailed,
)
from backend.llm.base import Credentials
from backend.llm.registry import (
    PROVIDER_NAMES,
    ModelLists,
    check_base_url,
    create_provider,
    ollama_base_url,
    provider_names,
    split_model,
)
from ollama_server import run_ollama_server
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
    assert split_model(model, PROVIDER_NAMES) == parts


@pytest.mark.parametrize("model", ["", ":", "openai", "openai:", "builtin:x", "nobody:gpt", "🗼:x"])
def test_any_other_model_id_is_unknown(model: str) -> None:
    with pytest.raises(UnknownModel):
        split_model(model, PROVIDER_NAMES)


def test_every_provider_can_be_made(config: Config) -> None:
    for name in PROVIDER_NAMES:
        provider = create_provider(name, Credentials("key", "http://localhost:1/v1"), config)
        assert provider.name == name
    assert {*PROVIDER_NAMES, "builtin"} == BUILT_IN_PROVIDERS
    assert create_provider("builtin", Credentials(), config).name == "builtin"
    with pytest.raises(UnknownModel):
        create_provider("nobody", Credentials(), config)


def test_what_is_missing_is_said(config: Config) -> None:
    with pytest.raises(ApiKeyMissing):
        create_provider("openai", Credentials(), config)
    with pytest.raises(ApiKeyMissing):
        create_provider("grok", Credentials(), config)
    with pytest.raises(ApiKeyMissing):
        create_provider("anthropic", Credentials(), config)
    with pytest.raises(ApiKeyMissing):
        create_provider("google", Credentials(), config)
    with pytest.raises(ProviderError, match="base URL"):
        create_provider("custom", Credentials(), config)
    create_provider("ollama", Credentials(), config)


@pytest.mark.parametrize(
    "url",
    ["", "http://user:secret@x", "http://x/?key=secret", "http://x/#k",
     "ftp://x", "file:///etc/passwd", "localhost:11434", "http://", "http://a b", "http://x:0x",
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


def test_configuration_alone_adds_providers(
    make_config: Callable[..., Config], server: OpenAIServer
) -> None:
    named = f"groq={server.base_url} , lab-2=http://127.0.0.1:9/v1"
    config = make_config(custom_providers=named)
    assert provider_names(config) == (*PROVIDER_NAMES, "groq", "lab-2")
    assert split_model("groq:gpt-words", provider_names(config)) == ("groq", "gpt-words")
    lists = ModelLists(config)
    assert "groq:gpt-words" in [model.id for model in lists.get("groq", Credentials())]
    assert "cannot be reached" in str(lists.get("lab-2", Credentials())[0].reason)
    assert provider_names(make_config()) == PROVIDER_NAMES


@pytest.mark.parametrize(
    "named", ["groq", "openai=http://x", "builtin=http://x", "a b=http://x", "x1=ftp://x", "=http://x",
              "x1=http://x,x1=http://y"],
)  # fmt: skip
def test_a_wrong_list_of_providers_stops_the_start(
    make_config: Callable[..., Config], named: str
) -> None:
    with pytest.raises(ConfigurationError, match="CUSTOM_PROVIDERS"):
        make_config(custom_providers=named)


def test_a_refusal_without_a_key_asks_for_one(config: Config, server: OpenAIServer) -> None:
    [wrong] = ModelLists(config).get("custom", Credentials("sk-wrong", server.base_url))
    assert wrong.reason == ProviderAuth.default_message
    with run_anthropic_server() as closed:  # speaks another protocol: knows no such key
        [missing] = ModelLists(config).get("anthropic", Credentials(None, closed.base_url))
    assert missing.reason == ApiKeyMissing.default_message


def test_ollamas_models_are_found_without_any_key_or_sdk(
    make_config: Callable[..., Config],
) -> None:
    with run_ollama_server() as ollama:
        config = make_config(ollama_url=ollama.base_url.removesuffix("/v1"))
        models = ModelLists(config).get("ollama", Credentials())
    assert {model.name: model.context_tokens for model in models} == {
        "words:latest": 4_096,  # the default, of the 131,072 that it could take
        "modelfile:8b": 16_384,  # as its Modelfile says
        "loaded:70b": 32_768,  # as it was loaded
        "huge:cloud": 262_144,  # all it can
        "small:1b": 1_024,  # cannot take the default
        "broken:1b": None,
    }


def test_looking_for_models_without_any_key_loads_no_sdk() -> None:
    code = """if True:
        import sys
        from backend.config import load_config
        from backend.errors import ApiKeyMissing
        from backend.llm.base import Credentials
        from backend.llm.registry import ModelLists, provider_names
        config = load_config()
        lists = ModelLists(config)
        for name in provider_names(config):
            try:
                lists.get(name, Credentials())
            except ApiKeyMissing:
                pass
        loaded = {"openai", "anthropic", "google.genai"} & {*sys.modules}
        assert not loaded, loaded
    """
    environment = {**os.environ, "OLLAMA_URL": "http://127.0.0.1:9"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
