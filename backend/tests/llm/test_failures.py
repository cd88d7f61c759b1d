"""What providers say, and which error it becomes."""

import pytest

from backend.clock import utc_now
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
)
from backend.llm.base import Event, Finish, TextDelta, Turn, Usage
from backend.llm.failures import Refusal, from_refusal, retry_after_s, said
from backend.llm.streams import without_thoughts
from backend.llm.turns import EARLIER, split_turns

QUOTA = "You exceeded your current quota, please check your plan and billing details."


@pytest.mark.parametrize(
    ("status", "words", "message", "error"),
    [
        # OpenAI and Google say the same and mean different things; the code tells.
        (429, ["insufficient_quota"], QUOTA, ProviderNoCredit),
        (429, ["RESOURCE_EXHAUSTED"], QUOTA, ProviderRateLimited),
        (429, ["rate_limit_exceeded"], "Request too large for gpt-4o", ProviderRateLimited),
        (403, [], "Your newly created team doesn't have any credits yet.", ProviderNoCredit),
        (429, [], "Your team has used all available credits.", ProviderNoCredit),
        (402, [], "Insufficient credits. Add more using the settings.", ProviderNoCredit),
        (400, [], "Your credit balance is too low to access the API.", ProviderNoCredit),
        (400, [], "Incorrect API key provided: xa***.", ProviderAuth),
        (400, ["API_KEY_INVALID"], "API key not valid.", ProviderAuth),
        (403, ["PERMISSION_DENIED"], "The caller does not have permission", ProviderAuth),
        (503, ["UNAVAILABLE"], "The model is overloaded.", ProviderOverloaded),
        (200, ["overloaded_error"], "Overloaded", ProviderOverloaded),
        (None, ["server_overloaded"], None, ProviderOverloaded),
        (504, ["DEADLINE_EXCEEDED"], None, ProviderTimeout),
        (400, [], "This model's maximum context length is 4096 tokens.", ContextTooLong),
        (400, [], "This model's maximum prompt length is 131072 but …", ContextTooLong),
        (400, [], "the request exceeds the available context size", ContextTooLong),
        (400, [], "input length and `max_tokens` exceed context limit: 1 + 2 > 2", ContextTooLong),
        (400, [], "The input token count (9) exceeds the maximum number of …", ContextTooLong),
        (400, ["content_filter"], "The response was filtered", ContentFiltered),
        (404, ["model_not_found"], None, ModelNotOffered),
        (404, [], "The model `x` does not exist or you do not have access", ModelNotOffered),
        (404, [], 'model "llama9" not found, try pulling it first', ModelNotOffered),
        (400, [], "nobody/x is not a valid model ID", ModelNotOffered),
        (404, [], "404 page not found", ProviderError),
        (500, [], "Something broke", ProviderError),
        (None, [], None, ProviderError),
    ],
)
def test_the_error_is_the_one_that_says_what_to_do(
    status: int | None, words: list[str], message: str | None, error: type[ProviderError]
) -> None:
    assert type(from_refusal(Refusal("custom", status, tuple(words), message))) is error


def test_what_the_provider_said_is_kept_short_and_without_the_key() -> None:
    said_much = "The key sk-1 is " + "very " * 1_000
    failure = from_refusal(Refusal("custom", 500, message=said_much, secret="sk-1"))
    assert failure.details is not None
    assert failure.details["provider_message"].startswith("The key … is very")
    assert len(failure.details["provider_message"]) == 300


@pytest.mark.parametrize(
    ("headers", "pause_s"),
    [
        ({}, None),
        ({"retry-after": "12"}, 12.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "12"}, 0.25),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 -0000"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "1e999"}, None),
    ],
)
def test_a_pause_is_read_as_seconds_or_as_a_date(
    headers: dict[str, str], pause_s: float | None
) -> None:
    assert retry_after_s(headers) == pause_s


def test_a_pause_until_a_date_is_counted_from_now() -> None:
    next_year = utc_now().year + 1
    pause_s = retry_after_s({"retry-after": f"Fri, 31 Dec {next_year} 23:59:59 GMT"})
    assert pause_s is not None
    assert pause_s > 86_400


def test_an_error_page_is_nothing_that_was_said() -> None:
    assert said({"message": "No."}) == said({"error": "No."}) == said({"detail": "No."}) == "No."
    assert said("<html>Bad gateway</html>") is None
    assert said({"message": {"text": "No."}}) is None
    assert said(None) is None


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["<think>Hm</think>Yes."], "Yes."),
        ([" ", "<", "think", ">", "Hm", "</", "think>", "\n\n", " Yes", ". "], "Yes. "),
        (["<think>never ends"], ""),
        (["Use <think> tags."], "Use <think> tags."),
        (["<thin", "ner> lines"], "<thinner> lines"),
        ([" <th"], " <th"),
        (["<think>a</think>b<think>c</think>"], "b<think>c</think>"),
    ],
)
def test_a_block_of_thoughts_at_the_beginning_is_dropped(pieces: list[str], text: str) -> None:
    events: list[Event] = [*map(TextDelta, pieces), Usage(1, 2), Finish("stop")]
    passed = list(without_thoughts(events))
    assert "".join(e.text for e in passed if isinstance(e, TextDelta)) == text
    assert Usage(1, 2) in passed
    assert Finish("stop") in passed


def test_turns_are_put_in_order() -> None:
    assert split_turns([Turn("user", "a")]) == ("", [Turn("user", "a")])
    turns = [
        Turn("assistant", "Hello."),
        Turn("system", "S1"),
        Turn("user", ""),
        Turn("assistant", "More."),
        Turn("user", "q"),
        Turn("system", "S2"),
        Turn("user", "r"),
    ]
    assert split_turns(turns) == (
        "S1\n\nS2",
        [Turn("user", EARLIER), Turn("assistant", "Hello.\n\nMore."), Turn("user", "q\n\nr")],
    )
