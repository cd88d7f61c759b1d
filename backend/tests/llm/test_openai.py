"""The OpenAI adapter against a real server, through the real SDK, as each of its providers."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from backend.config import Config
from backend.errors import ApiKeyMissing, ContentFiltered, ProviderRateLimited
from backend.llm.base import Credentials, Event, Provider, TextDelta
from backend.llm.model_sizes import context_tokens
from backend.llm.openai import Dialect, OpenAIProvider
from backend.llm.registry import create_provider
from backend.llm.transport import Timeouts
from contracts.hosted_provider_contract import KEY, Connect, HostedProviderContract, fail
from contracts.provider_contract import make_request
from ollama_server import run_ollama_server
from openai_server import OpenAIServer, run_openai_server


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with run_openai_server() as running:
        yield running


def connect(base_url: str, *, lists_other_models: bool = False) -> OpenAIProvider:
    dialect = Dialect("custom", None, needs_key=False, lists_other_models=lists_other_models)
    return OpenAIProvider(dialect, Credentials(KEY, base_url), Timeouts(2.0, 10.0))


def ask(server: OpenAIServer, model: str) -> list[Event]:
    return list(connect(server.base_url).stream(make_request(model)))


class OpenAIContract(HostedProviderContract):
    """One provider of the registry, pointed at the local server."""

    name: str

    @pytest.fixture
    def server(self, server: OpenAIServer) -> OpenAIServer:
        return server

    @pytest.fixture
    def connect(self, server: OpenAIServer, config: Config) -> Connect:
        def make(
            key: str = KEY, base_url: str | None = None, idle_timeout_s: float = 10.0
        ) -> Provider:
            # Times below a second are no configuration, so they are set beside it.
            provider = create_provider(
                self.name, Credentials(key, base_url or server.base_url), config
            )
            assert isinstance(provider, OpenAIProvider)
            provider._timeouts = Timeouts(2.0, idle_timeout_s)
            return provider

        return make


class TestOpenAI(OpenAIContract):
    name = "openai"


class TestGrok(OpenAIContract):
    name = "grok"


class TestOllama(OpenAIContract):
    name = "ollama"

    @pytest.fixture
    def server(self) -> Iterator[OpenAIServer]:
        with run_ollama_server() as running:
            yield running


class TestCustom(OpenAIContract):
    name = "custom"


def test_the_whole_prompt_and_the_key_are_sent(server: OpenAIServer) -> None:
    ask(server, "words")
    [body] = server.requests
    assert body["model"] == "words"
    assert body["stream"] is True
    assert body["messages"] == [{"role": "user", "content": "How high is the lighthouse?"}]
    assert server.headers[0]["authorization"] == "Bearer sk-secret"


def test_temperature_and_length_are_sent_only_when_they_are_chosen(server: OpenAIServer) -> None:
    request = make_request("words")
    list(connect(server.base_url).stream(request))
    list(connect(server.base_url).stream(replace(request, temperature=0.0, max_output_tokens=50)))
    without, chosen = server.requests
    assert not {"temperature", "max_tokens", "max_completion_tokens"} & {*without}
    assert (chosen["temperature"], chosen["max_tokens"]) == (0.0, 50)
    assert "max_completion_tokens" not in chosen


def test_openai_itself_is_told_the_length_as_its_reasoning_models_want_it(
    server: OpenAIServer, config: Config
) -> None:
    provider = create_provider("openai", Credentials("sk-secret", server.base_url), config)
    list(provider.stream(replace(make_request("words"), max_output_tokens=50)))
    [body] = server.requests
    assert body["max_completion_tokens"] == 50
    assert "max_tokens" not in body


def test_text_is_passed_on_as_it_is_even_in_halves_of_characters(server: OpenAIServer) -> None:
    texts = [event.text for event in ask(server, "halves") if isinstance(event, TextDelta)]
    assert texts == ["a\ud83d", "\ude00b\ud83d", "c\x00"]


def test_thoughts_that_come_as_text_are_no_part_of_the_answer(server: OpenAIServer) -> None:
    events = ask(server, "thinking-aloud")
    assert "".join(e.text for e in events if isinstance(e, TextDelta)) == "Yes <b>."


def test_a_refusal_in_words_counts_as_filtered(server: OpenAIServer) -> None:
    assert type(fail(connect(server.base_url), "refusing")) is ContentFiltered


def test_a_filtered_prompt_is_said_to_be_one(server: OpenAIServer) -> None:
    assert type(fail(connect(server.base_url), "filtered")) is ContentFiltered


@pytest.mark.parametrize(("model", "pause_s"), [("rate-limited", 7), ("rate-limited-ms", 2)])
def test_the_pause_may_be_told_in_seconds_or_milliseconds(
    server: OpenAIServer, model: str, pause_s: int
) -> None:
    failure = fail(connect(server.base_url), model)
    assert type(failure) is ProviderRateLimited
    assert failure.details is not None
    assert failure.details["provider_message"] == "Slow down"
    assert failure.details["retry_after_s"] == pause_s


def test_the_pause_may_be_told_as_a_date(server: OpenAIServer) -> None:
    failure = fail(connect(server.base_url), "rate-limited-until")
    assert failure.details is not None
    assert 3_500 < failure.details["retry_after_s"] <= 3_600


def test_models_that_cannot_chat_are_left_out_where_they_are_listed(server: OpenAIServer) -> None:
    every = connect(server.base_url).list_models()
    chatting = connect(server.base_url, lists_other_models=True).list_models()
    assert [m.name for m in every] == ["gpt-gated", "gpt-words", "text-embedding-3-small"]
    assert [m.name for m in chatting] == ["gpt-gated", "gpt-words"]


def test_a_provider_that_needs_a_key_says_so_before_it_is_asked() -> None:
    dialect = Dialect("openai", "https://api.openai.com/v1", needs_key=True)
    with pytest.raises(ApiKeyMissing):
        OpenAIProvider(dialect, Credentials(), Timeouts(1.0, 1.0))


@pytest.mark.parametrize(
    ("provider", "model", "tokens"),
    [
        ("openai", "gpt-4o-mini", 128_000),
        ("openai", "gpt-4.1-nano", 1_047_576),
        ("openai", "gpt-5-mini", 400_000),
        ("openai", "gpt-5-chat-latest", 128_000),
        ("openai", "o3", 200_000),
        ("openai", "gpt-4", 8_192),
        ("openai", "gpt-99", None),
        ("grok", "grok-4-fast-reasoning", 2_000_000),
        ("grok", "grok-4-0709", 256_000),
        ("grok", "grok-3-mini", 131_072),
        ("custom", "gpt-4o", None),
    ],
)
def test_sizes_that_no_list_tells_are_known_by_family(
    provider: str, model: str, tokens: int | None
) -> None:
    assert context_tokens(provider, model) == tokens
