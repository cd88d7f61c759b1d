"""Numbers and dates, however they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.chat.figures import figures, readings


def agree(claim: str, text: str) -> bool:
    given_readings = readings(text)
    return bool(figures(claim)) and all(figure & given_readings for figure in figures(claim))


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        ("1,200 ships", "1200 ships"),
        ("1 200 ships", "1.200 Schiffe"),
        ("1.2 thousand", "1,200"),
        ("41 million", "41,000,000 euros"),
        ("2,5 Milliarden", "2.5 billion"),
        ("0.85", "0,850"),
        ("7 percent", "7 %"),
        ("seven years", "7 years"),
        ("sixty-five", "65"),
        ("12 March 1998", "March 12, 1998"),
        ("1998-03-12", "am 12. März 1998"),
        ("12.03.1998", "le 12 mars 1998"),
        ("12/03/1998", "3 December 1998"),
        ("in March 1998", "on 12 March 1998"),
        ("in 1945", "from 1939–45"),
        ("5 de mayo de 1954", "5.5.1954"),
        ("at 2:30", "at 02:30"),
        ("1,234,567", "1234567"),
    ],
)
def test_the_same_figure_is_found_in_another_form(claim: str, text: str) -> None:
    assert agree(claim, text)


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        ("1200", "120"),
        ("1.2 million", "1.2 billion"),
        ("May 1998", "June 1998"),
        ("13 March 1998", "12 March 1998"),
        ("seven", "17"),
        ("2.5", "25"),
        ("at 2:30", "at 2:45"),
    ],
)
def test_another_figure_is_another(claim: str, text: str) -> None:
    assert not agree(claim, text)


def test_words_that_only_look_like_months_or_numbers_are_none() -> None:
    assert figures("You may march on, he once said.") == []


@given(st.text(max_size=200))
def test_any_text_agrees_with_itself(text: str) -> None:
    given_readings = readings(text)
    assert all(figure & given_readings for figure in figures(text))


def test_hostile_text_takes_no_time() -> None:
    for text in ("1 " * 50_000, "1.000" * 20_000, "may " * 50_000, "-" * 100_000):
        figures(text)
