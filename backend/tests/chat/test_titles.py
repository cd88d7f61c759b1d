"""Titles made from questions."""

from hypothesis import given
from hypothesis import strategies as st

from backend.chat.titles import MAX_CHARACTERS, title_from_question


def test_a_short_question_is_the_title() -> None:
    assert title_from_question("How high\n is it? ") == "How high is it?"


def test_a_long_question_is_cut_between_words() -> None:
    title = title_from_question("How high is the lighthouse of Genoa, and when was it built anew?")
    assert title == "How high is the lighthouse of Genoa, and when was it built…"


def test_a_long_word_is_cut_anywhere() -> None:
    assert title_from_question("x" * 99) == "x" * (MAX_CHARACTERS - 1) + "…"


def test_markup_is_left_out() -> None:
    assert title_from_question("# **Why** `so`?") == "Why so?"
    assert title_from_question("***") == "***"


@given(st.text(min_size=1).filter(str.strip))
def test_there_is_always_a_title_of_one_short_line(question: str) -> None:
    title = title_from_question(question)
    assert 0 < len(title) <= MAX_CHARACTERS
    assert len(title.splitlines()) == 1
