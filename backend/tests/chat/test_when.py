"""Which time a question is about."""

from datetime import UTC, datetime

import pytest

from backend.chat.when import asked_time

NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)  # a Tuesday


def days(question: str) -> tuple[str, str] | None:
    found = asked_time(question, NOW)
    return None if found is None else (f"{found.since:%Y-%m-%d}", f"{found.until:%Y-%m-%d}")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What did I say about bees yesterday?", ("2026-11-23", "2026-11-24")),
        ("What did we discuss the day before yesterday?", ("2026-11-22", "2026-11-23")),
        ("What did we talk about last week?", ("2026-11-16", "2026-11-23")),
        ("What have I told you this week?", ("2026-11-23", "2026-11-30")),
        ("Which boats did I mention last month?", ("2026-10-01", "2026-11-01")),
        ("What did I say in May?", ("2026-05-01", "2026-06-01")),
        ("What did I say in December?", ("2025-12-01", "2026-01-01")),
        ("What did we decide in March 2024?", ("2024-03-01", "2024-04-01")),
        ("What did I tell you in 2024?", ("2024-01-01", "2025-01-01")),
        ("What did you say on 2026-05-31?", ("2026-05-31", "2026-06-01")),
        ("What did we discuss in the last 3 days?", ("2026-11-21", "2026-11-25")),
        ("Was habe ich dir letzte Woche gesagt?", ("2026-11-16", "2026-11-23")),
        ("Worüber haben wir gestern gesprochen?", ("2026-11-23", "2026-11-24")),
        ("Was haben wir im Mai besprochen?", ("2026-05-01", "2026-06-01")),
    ],
)
def test_what_was_said_then_is_looked_for_then(question: str, expected: tuple[str, str]) -> None:
    assert days(question) == expected


def test_what_happened_then_may_have_been_said_since() -> None:
    assert days("Where did I eat last week?") == ("2026-11-16", "2026-11-25")


@pytest.mark.parametrize(
    "question",
    [
        "How high was the revenue in 2019?",
        "What happened in Berlin in May 1945?",
        "May I ask something?",
        "How high is the lighthouse?",
        "What did I say about 31 boats?",
    ],
)
def test_the_worlds_years_and_no_time_at_all_narrow_nothing(question: str) -> None:
    assert asked_time(question, NOW) is None


def test_an_impossible_day_narrows_nothing() -> None:
    assert asked_time("What did I say on 2026-02-31?", NOW) is None


@pytest.mark.parametrize(
    ("question", "rest", "is_empty"),
    [
        ("What did we talk about last week?", "What did we talk about ?", True),
        ("What did I say about bees last week?", "What did I say about bees ?", False),
        ("Worüber haben wir gestern gesprochen?", "Worüber haben wir gesprochen?", True),
    ],
)
def test_the_words_of_time_are_taken_out(question: str, rest: str, is_empty: bool) -> None:
    found = asked_time(question, NOW)
    assert found is not None
    assert (found.rest, found.is_empty) == (rest, is_empty)
