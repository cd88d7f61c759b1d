"""What every provider keeps to that is reached over a network; the real SDK, a local server."""

import io
import json
import logging
import traceback
from collections.abc import Callable
from dataclasses import replace

import pytest

from backend.errors import (
    ContentFiltered,
    ContextTooLong,
    ModelNotOffered,
    ProviderAuth,
    ProviderError,
    ProviderNoCredit,
    ProviderOverloaded,
    ProviderRateLimited,
    ProviderTimeout,
    ProviderUnreachable,
)
from backend.llm.base import Event, Finish, Provider, TextDelta, Turn, Usage
from backend.llm.failures import BROKE_OFF, NOT_ALLOWED, OWN_TEMPERATURE, WRONG_ADDRESS
from contracts.provider_contract import ProviderContract, make_request
from sse_server import WORDS, StreamServer

Connect = Callable[..., Provider]
KEY = "sk-secret"


def ask(provider: Provider, model: str) -> list[Event]:
    return list(provider.stream(make_request(model)))


def fail(provider: Provider, model: str) -> ProviderError:
    """Return the error that the model's answer ends with."""
    with pytest.raises(ProviderError) as raised:
        ask(provider, model)
    return raised.value


class HostedProviderContract(ProviderContract):
    @pytest.fixture
    def server(self) -> StreamServer:
        raise NotImplementedError

    @pytest.fixture
    def connect(self, server: StreamServer) -> Connect:
        """Make a provider; options `key`, `base_url`, `idle_timeout_s`."""
        raise NotImplementedError

    @pytest.fixture
    def provider(self, connect: Connect) -> Provider:
        return connect()

    @pytest.fixture
    def model(self) -> str:
        return "words"

    # --- Answers

    @pytest.mark.parametrize("model", ["words", "noisy", "dripping"])
    def test_the_text_arrives_piece_by_piece_with_its_usage(
        self, provider: Provider, model: str
    ) -> None:
        events = ask(provider, model)
        assert [e for e in events if isinstance(e, TextDelta)] == [TextDelta(w) for w in WORDS]
        assert [e for e in events if isinstance(e, Usage)][-1] == Usage(12, 3)
        assert events[-1] == Finish("stop")

    def test_a_piece_is_passed_on_before_the_next_one_is_sent(
        self, provider: Provider, server: StreamServer
    ) -> None:
        stream = provider.stream(make_request("gated"))
        for word in WORDS:
            server.release(1)
            assert next(stream) == TextDelta(word)

    def test_what_the_model_thinks_is_no_part_of_the_answer(self, provider: Provider) -> None:
        events = ask(provider, "reasoning")
        assert [e for e in events if isinstance(e, TextDelta)] == [TextDelta("Yes.")]

    def test_an_answer_that_was_too_long_says_so(self, provider: Provider) -> None:
        assert ask(provider, "truncated")[-1] == Finish("length")

    def test_an_answer_that_was_filtered_half_way_keeps_its_text(self, provider: Provider) -> None:
        events = ask(provider, "withheld")
        assert events[0] == TextDelta("No")
        assert events[-1] == Finish("content_filter")

    def test_an_answer_that_was_filtered_wholly_is_an_error(self, provider: Provider) -> None:
        assert type(fail(provider, "blocked")) is ContentFiltered

    def test_no_answer_is_an_error(self, provider: Provider) -> None:
        assert type(fail(provider, "empty")) is ProviderError
        assert "Allow longer answers" in fail(provider, "all-thought").message

    def test_what_the_user_says_is_sent_and_nothing_is_tried_twice(
        self, provider: Provider, server: StreamServer
    ) -> None:
        fail(provider, "broken")
        assert len(server.requests) == 1
        assert "How high is the lighthouse?" in json.dumps(server.requests)

    def test_a_turn_of_every_role_is_taken(self, provider: Provider, server: StreamServer) -> None:
        turns = [
            Turn("system", "Be brief."),
            Turn("assistant", "Hello."),
            Turn("user", "One"),
            Turn("user", "two"),
            Turn("assistant", ""),
            Turn("user", "three?"),
        ]
        list(provider.stream(replace(make_request("words"), turns=turns)))
        sent = json.dumps(server.requests)
        assert all(turn.content in sent for turn in turns)

    # --- Refusals

    @pytest.mark.parametrize(
        ("model", "error"),
        [
            ("unauthorized", ProviderAuth),
            ("forbidden", ProviderAuth),
            ("no-credit", ProviderNoCredit),
            ("no-money", ProviderNoCredit),
            ("rate-limited", ProviderRateLimited),
            ("broken", ProviderError),
            ("overloaded", ProviderOverloaded),
            ("unknown", ModelNotOffered),
            ("lost", ProviderError),
            ("too-long", ContextTooLong),
            ("cold", ProviderError),
        ],
    )
    def test_a_refusal_becomes_the_error_that_says_what_to_do(
        self, provider: Provider, model: str, error: type[ProviderError]
    ) -> None:
        failure = fail(provider, model)
        assert type(failure) is error
        assert failure.details is not None
        assert failure.details["provider"] == provider.name

    @pytest.mark.parametrize(
        ("model", "sentence"),
        [("forbidden", NOT_ALLOWED), ("lost", WRONG_ADDRESS), ("cold", OWN_TEMPERATURE)],
    )
    def test_a_refusal_of_no_class_of_its_own_has_its_own_sentence(
        self, provider: Provider, model: str, sentence: str
    ) -> None:
        assert fail(provider, model).message == sentence

    def test_the_pause_that_is_asked_for_is_told_in_whole_seconds(self, provider: Provider) -> None:
        failure = fail(provider, "rate-limited")
        assert failure.details is not None
        assert failure.details["retry_after_s"] == 7

    @pytest.mark.parametrize("model", ["unauthorized", "broken", "complaining"])
    def test_the_key_is_in_no_message_detail_log_or_traceback(
        self, provider: Provider, model: str
    ) -> None:
        output = io.StringIO()
        handler = logging.StreamHandler(output)
        root = logging.getLogger()
        before = root.level
        root.addHandler(handler)
        root.setLevel(logging.INFO)
        try:
            failure = fail(provider, model)
            logging.getLogger("test").warning("failed", exc_info=failure)
        finally:
            root.removeHandler(handler)
            root.setLevel(before)
        told = output.getvalue() + str(failure.to_wire()) + repr(provider)
        assert "failed" in told
        assert KEY not in told + "".join(traceback.format_exception(failure))

    # --- Streams that go wrong

    @pytest.mark.parametrize(
        "model",
        [
            "early-end",
            "cut",
            "cut-in-line",
            "cut-in-character",
            "malformed",
            "shapeless",
            "out-of-order",
            "complaining",
        ],
    )
    def test_an_answer_that_breaks_off_is_an_error_after_its_text(
        self, provider: Provider, model: str
    ) -> None:
        stream = provider.stream(make_request(model))
        assert next(stream) == TextDelta("The light")
        with pytest.raises(ProviderError) as raised:
            list(stream)
        assert type(raised.value) is ProviderError

    def test_a_cut_connection_is_said_to_be_one(self, provider: Provider) -> None:
        for model in ("cut", "cut-in-line", "early-end"):
            assert fail(provider, model).message == BROKE_OFF

    def test_overload_in_mid_answer_is_said_to_be_overload(self, provider: Provider) -> None:
        assert type(fail(provider, "overloaded-later")) is ProviderOverloaded

    @pytest.mark.parametrize("model", ["silent", "mute"])
    def test_silence_ends_as_a_timeout(self, connect: Connect, model: str) -> None:
        assert type(fail(connect(idle_timeout_s=0.2), model)) is ProviderTimeout

    def test_closing_the_stream_hangs_up(self, provider: Provider, server: StreamServer) -> None:
        stream = provider.stream(make_request("silent"))
        next(stream)
        stream.close()
        server.wait_for_hang_up()

    @pytest.mark.parametrize("base_url", ["http://127.0.0.1:9", "http://nowhere.invalid"])
    def test_a_server_that_is_not_there_is_unreachable(
        self, connect: Connect, base_url: str
    ) -> None:
        assert type(fail(connect(base_url=base_url), "words")) is ProviderUnreachable
        with pytest.raises(ProviderUnreachable):
            connect(base_url=base_url).list_models()

    # --- Keys, lists and the server's own environment

    @pytest.mark.parametrize(
        ("key", "error"), [("sk-wrong", ProviderAuth), ("sk-poor", ProviderNoCredit)]
    )
    def test_a_key_can_be_tried_by_asking_for_the_models(
        self, connect: Connect, key: str, error: type[ProviderError]
    ) -> None:
        with pytest.raises(ProviderError) as raised:
            connect(key=key).list_models()
        assert type(raised.value) is error

    def test_a_server_on_this_machine_is_reached_without_a_proxy(
        self, connect: Connect, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        assert ask(connect(), "words")[-1] == Finish("stop")

    def test_the_servers_own_keys_and_settings_are_not_used(
        self, connect: Connect, server: StreamServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for vendor in ("OPENAI", "ANTHROPIC", "GOOGLE", "GEMINI"):
            monkeypatch.setenv(f"{vendor}_API_KEY", "sk-of-the-operator")
            monkeypatch.setenv(f"{vendor}_BASE_URL", "http://127.0.0.1:9")
            monkeypatch.setenv(f"{vendor}_CUSTOM_HEADERS", "x-operator: operator")
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:9")
        monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "sk-of-the-operator")
        monkeypatch.setenv("ANTHROPIC_PROFILE", "operator")
        monkeypatch.setenv("OPENAI_ORG_ID", "org-of-the-operator")
        monkeypatch.setenv("OPENAI_PROJECT_ID", "project-of-the-operator")
        monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
        monkeypatch.setenv("GOOGLE_GENAI_API_VERSION", "v0operator")
        monkeypatch.setenv("GOOGLE_GENAI_HTTP_CLIENT", "httpx")
        monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "project-of-the-operator")
        ask(connect(), "words")
        connect().list_models()
        assert "operator" not in json.dumps(server.headers)
        assert all(KEY in json.dumps(headers) for headers in server.headers)
