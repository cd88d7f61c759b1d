"""The Google adapter against a real server, through the real SDK."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from backend.errors import ApiKeyMissing, ContentFiltered
from backend.llm.base import Credentials, Finish, Turn
from backend.llm.google import GoogleProvider
from backend.llm.transport import Timeouts
from backend.llm.turns import EARLIER
from contracts.hosted_provider_contract import KEY, Connect, HostedProviderContract, ask, fail
from contracts.provider_contract import make_request
from google_server import GoogleServer, run_google_server


@pytest.fixture
def server() -> Iterator[GoogleServer]:
    with run_google_server() as running:
        yield running


@pytest.fixture
def connect(server: GoogleServer) -> Connect:
    def make(
        key: str = KEY, base_url: str | None = None, idle_timeout_s: float = 10.0
    ) -> GoogleProvider:
        credentials = Credentials(key, base_url or server.base_url)
        return GoogleProvider(credentials, Timeouts(2.0, idle_timeout_s))

    return make


class TestGoogleProvider(HostedProviderContract):
    @pytest.fixture
    def server(self, server: GoogleServer) -> GoogleServer:
        return server

    @pytest.fixture
    def connect(self, connect: Connect) -> Connect:
        return connect


def test_the_prompt_is_sent_in_googles_words(connect: Connect, server: GoogleServer) -> None:
    turns = [
        Turn("system", "Be brief."),
        Turn("assistant", "Hello."),
        Turn("user", "One"),
        Turn("user", "two"),
    ]
    request = replace(make_request("words"), turns=turns, temperature=0.5, max_output_tokens=50)
    list(connect().stream(request))
    [body] = server.requests
    assert body["systemInstruction"]["parts"] == [{"text": "Be brief."}]
    assert body["contents"] == [
        {"role": "user", "parts": [{"text": EARLIER}]},
        {"role": "model", "parts": [{"text": "Hello."}]},
        {"role": "user", "parts": [{"text": "One\n\ntwo"}]},
    ]
    assert body["generationConfig"] == {"temperature": 0.5, "maxOutputTokens": 50}


def test_what_is_not_chosen_is_not_sent(connect: Connect, server: GoogleServer) -> None:
    ask(connect(), "words")
    assert not server.requests[0].get("generationConfig")
    assert "x-server-timeout" not in server.headers[0]


def test_a_question_that_is_blocked_is_an_error(connect: Connect) -> None:
    assert type(fail(connect(), "prompt-blocked")) is ContentFiltered


def test_an_answer_that_recites_ends_as_filtered(connect: Connect) -> None:
    assert ask(connect(), "recitation")[-1] == Finish("content_filter")


def test_models_that_write_text_are_listed_with_their_context(connect: Connect) -> None:
    models = connect().list_models()
    assert [(m.id, m.context_tokens) for m in models] == [
        ("google:dripping", None),
        ("google:words", 1_048_576),
    ]


def test_an_address_may_end_in_its_version(connect: Connect, server: GoogleServer) -> None:
    assert ask(connect(base_url=f"{server.base_url}/v1beta"), "words")


def test_a_key_is_needed() -> None:
    with pytest.raises(ApiKeyMissing):
        GoogleProvider(Credentials(), Timeouts(1.0, 1.0))
