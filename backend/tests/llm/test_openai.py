"""The OpenAI adapter against a real server, through the real SDK."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from backend.config import Config
from backend.errors import (
    ApiKeyMissing,
    ContextTooLong,
    ProviderAuth,
    ProviderError,
    ProviderRateLimited,
    ProviderTimeout,
    ProviderUnreachable,
)
from backend.llm.base import Credentials, Event, Finish, Provider, TextDelta, Usage
from backend.llm.openai import Dialect, OpenAIProvider
from backend.llm.registry import create_provider
from contracts.provider_contract import ProviderContract, make_request
from openai_server import WORDS, OpenAIServer, run_openai_server


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with run_openai_server() as running:
        yield running


def connect(
    base_url: str, *, idle_timeout_s: float = 10.0, lists_other_models: bool = False
) -> OpenAIProvider:
    dialect = Dialect("custom", None, needs_key=False, lists_other_models=lists_other_models)
    credentials = Credentials("sk-secret", base_url)
    return OpenAIProvider(
        dialect, credentials, connect_timeout_s=2.0, idle_timeout_s=idle_timeout_s
    )


def ask(server: OpenAIServer, model: str) -> list[Event]:
    return list(connect(server.base_url).stream(make_request(model)))


class TestOpenAIProvider(ProviderContract):
    @pytest.fixture
    def provider(self, server: OpenAIServer) -> Provider:
        return connect(server.base_url)

    @pytest.fixture
    def model(self) -> str:
        return "gpt-words"


def test_the_answer_arrives_piece_by_piece_with_its_usage(server: OpenAIServer) -> None:
    *pieces, usage, finish = ask(server, "words")
    assert pieces == [TextDelta(word) for word in WORDS]
    assert usage == Usage(input_tokens=12, output_tokens=3)
    assert finish == Finish("stop")


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


def test_the_servers_own_openai_settings_are_not_sent(
    server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-the-operator")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-of-the-operator")
    ask(server, "words")
    assert not {"openai-organization", "openai-project"} & {*server.headers[0]}


def test_a_server_on_this_machine_is_reached_without_a_proxy(
    server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert ask(server, "words")[-1] == Finish("stop")


def test_reasoning_is_no_part_of_the_answer(server: OpenAIServer) -> None:
    assert [e for e in ask(server, "reasoning") if isinstance(e, TextDelta)] == [TextDelta("Yes.")]


@pytest.mark.parametrize(
    ("model", "reason"), [("truncated", "length"), ("withheld", "content_filter")]
)
def test_the_reason_of_the_end_is_passed_on(server: OpenAIServer, model: str, reason: str) -> None:
    assert ask(server, model)[-1] == Finish(reason)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("model", "error"),
    [
        ("unauthorized", ProviderAuth),
        ("forbidden", ProviderAuth),
        ("rate-limited", ProviderRateLimited),
        ("broken", ProviderError),
        ("unknown", ProviderError),
        ("too-long", ContextTooLong),
    ],
)
def test_a_refusal_becomes_the_error_that_says_what_to_do(
    server: OpenAIServer, model: str, error: type[ProviderError]
) -> None:
    with pytest.raises(ProviderError) as raised:
        ask(server, model)
    assert type(raised.value) is error
    assert len(server.requests) == 1  # nothing is tried twice


def test_a_refused_key_is_not_repeated_in_the_error(server: OpenAIServer) -> None:
    with pytest.raises(ProviderAuth) as raised:
        ask(server, "unauthorized")
    assert "sk-" not in str(raised.value.to_wire())


def test_the_providers_own_words_and_pause_are_kept_as_details(server: OpenAIServer) -> None:
    with pytest.raises(ProviderRateLimited) as raised:
        ask(server, "rate-limited")
    assert raised.value.details == {
        "provider": "custom",
        "provider_message": "Slow down",
        "retry_after_s": 7,
    }


@pytest.mark.parametrize("model", ["cut", "early-end", "malformed", "shapeless", "complaining"])
def test_an_answer_that_breaks_off_is_an_error_after_its_text(
    server: OpenAIServer, model: str
) -> None:
    stream = connect(server.base_url).stream(make_request(model))
    assert next(stream) == TextDelta("The light")
    with pytest.raises(ProviderError) as raised:
        list(stream)
    assert type(raised.value) is ProviderError


@pytest.mark.parametrize("model", ["silent", "mute"])
def test_silence_ends_as_a_timeout(server: OpenAIServer, model: str) -> None:
    provider = connect(server.base_url, idle_timeout_s=0.2)
    with pytest.raises(ProviderTimeout):
        list(provider.stream(make_request(model)))


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:9/v1", "http://nowhere.invalid/v1"])
def test_a_server_that_is_not_there_is_unreachable(base_url: str) -> None:
    with pytest.raises(ProviderUnreachable):
        list(connect(base_url).stream(make_request("words")))
    with pytest.raises(ProviderUnreachable):
        connect(base_url).list_models()


def test_closing_the_stream_hangs_up(server: OpenAIServer) -> None:
    stream = connect(server.base_url).stream(make_request("silent"))
    next(stream)
    stream.close()
    server.wait_for_hang_up()


def test_models_that_cannot_chat_are_left_out_where_they_are_listed(server: OpenAIServer) -> None:
    every = connect(server.base_url).list_models()
    chatting = connect(server.base_url, lists_other_models=True).list_models()
    assert [m.name for m in every] == ["gpt-gated", "gpt-words", "text-embedding-3-small"]
    assert [m.name for m in chatting] == ["gpt-gated", "gpt-words"]


def test_a_provider_that_needs_a_key_says_so_before_it_is_asked() -> None:
    dialect = Dialect("openai", "https://api.openai.com/v1", needs_key=True)
    with pytest.raises(ApiKeyMissing):
        OpenAIProvider(dialect, Credentials(), connect_timeout_s=1, idle_timeout_s=1)
