"""The Anthropic adapter against a real server, through the real SDK."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from anthropic_server import AnthropicServer, run_anthropic_server
from backend.errors import ApiKeyMissing, ContextTooLong, ProviderError
from backend.llm.anthropic import DEFAULT_MAX_OUTPUT_TOKENS, AnthropicProvider
from backend.llm.base import Credentials, Provider, Turn, Usage
from backend.llm.failures import BROKE_OFF
from backend.llm.transport import Timeouts
from backend.llm.turns import EARLIER
from contracts.hosted_provider_contract import KEY, Connect, HostedProviderContract, ask, fail
from contracts.provider_contract import make_request


@pytest.fixture
def server() -> Iterator[AnthropicServer]:
    with run_anthropic_server() as running:
        yield running


@pytest.fixture
def connect(server: AnthropicServer) -> Connect:
    def make(
        key: str = KEY, base_url: str | None = None, idle_timeout_s: float = 10.0
    ) -> AnthropicProvider:
        credentials = Credentials(key, base_url or server.base_url)
        return AnthropicProvider(credentials, Timeouts(2.0, idle_timeout_s))

    return make


class TestAnthropicProvider(HostedProviderContract):
    @pytest.fixture
    def server(self, server: AnthropicServer) -> AnthropicServer:
        return server

    @pytest.fixture
    def connect(self, connect: Connect) -> Connect:
        return connect


def test_turns_alternate_and_begin_with_the_users(
    connect: Connect, server: AnthropicServer
) -> None:
    turns = [
        Turn("system", "Be brief."),
        Turn("assistant", "Hello."),
        Turn("user", "One"),
        Turn("assistant", " "),
        Turn("user", "two"),
        Turn("system", "Cite."),
    ]
    list(connect().stream(replace(make_request("words"), turns=turns)))
    [body] = server.requests
    assert body["system"] == "Be brief.\n\nCite."
    assert body["messages"] == [
        {"role": "user", "content": EARLIER},
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": "One\n\ntwo"},
    ]


def test_a_limit_is_sent_even_if_none_is_chosen(connect: Connect, server: AnthropicServer) -> None:
    provider = connect()
    ask(provider, "words")
    provider.list_models()
    ask(provider, "words")  # whose own limit is known now
    ask(provider, "dripping")  # whose limit the list does not tell
    list(provider.stream(replace(make_request("words"), max_output_tokens=50)))
    limits = [body["max_tokens"] for body in server.requests]
    assert limits == [DEFAULT_MAX_OUTPUT_TOKENS, 50_000, DEFAULT_MAX_OUTPUT_TOKENS, 50]


def test_the_temperature_is_kept_in_the_range_that_the_api_takes(
    connect: Connect, server: AnthropicServer
) -> None:
    for temperature in (None, 0.0, 0.7, 2.0):
        list(connect().stream(replace(make_request("words"), temperature=temperature)))
    sent = [body.get("temperature") for body in server.requests]
    assert sent == [None, 0.0, 0.7, 1.0]


def test_usage_counts_what_came_from_the_cache(connect: Connect) -> None:
    assert Usage(12, 3) in ask(connect(), "words")


def test_models_are_listed_with_their_context_and_without_retired_ones(connect: Connect) -> None:
    models = connect().list_models()
    assert [(m.id, m.context_tokens) for m in models] == [
        ("anthropic:words", 200_000),
        ("anthropic:dripping", None),
    ]


def test_an_answer_without_its_closing_event_is_cut_off(connect: Connect) -> None:
    failure = fail(connect(), "unended")
    assert type(failure) is ProviderError
    assert failure.message == BROKE_OFF


def test_a_request_that_is_too_large_is_too_long(connect: Connect) -> None:
    assert type(fail(connect(), "too-large")) is ContextTooLong


def test_an_address_may_end_in_its_version(connect: Connect, server: AnthropicServer) -> None:
    provider: Provider = connect(base_url=f"{server.base_url}/v1")
    assert ask(provider, "words")


def test_a_key_is_needed() -> None:
    with pytest.raises(ApiKeyMissing):
        AnthropicProvider(Credentials(), Timeouts(1.0, 1.0))
