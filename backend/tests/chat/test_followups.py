"""A question that leans on earlier ones is searched with their words; others are left alone."""

import pytest

from backend.chat.followups import depends_on_earlier, expand

EARLIER = ["What was the revenue of Acme in 2018?"]


@pytest.mark.parametrize(
    "question",
    [
        "And in 2019?",
        "and the year before",
        "What about its debts?",
        "Who founded it?",
        "When were they opened?",
        "Why?",
        "The keepers?",
        "How high is it?",
        "Did he live there?",
        "Und im Jahr 2019?",
        "Wann wurde es gebaut?",
        "Et en 2019 ?",
    ],
)
def test_a_question_that_leans_on_another_gets_its_words(question: str) -> None:
    assert depends_on_earlier(question)
    assert "revenue of Acme" in expand(question, EARLIER)


@pytest.mark.parametrize(
    "question",
    [
        "What is photosynthesis?",
        "How high is the lighthouse of Genoa?",
        "How does the lighthouse of Genoa keep its lamp dry?",
        "Is it true that tomatoes need six hours of sun?",
        "Does the report say that the pier was closed?",
        "E. coli grows at what temperature?",
        "lighthouse height",
        "tomatoes",
        "Which rivers flow through Andorra?",
        "Wie hoch ist der Leuchtturm von Genua?",
        "",
        "?!",
    ],
)
def test_a_question_that_stands_by_itself_is_left_as_it_is(question: str) -> None:
    assert not depends_on_earlier(question)
    assert expand(question, EARLIER) == question


def test_numbers_of_the_earlier_question_give_way_to_the_new_ones() -> None:
    assert expand("And in 2019?", EARLIER) == "What was the revenue of Acme in And in 2019?"
    assert "2018" in expand("And its debts?", EARLIER)


def test_a_chain_of_follow_ups_is_followed_to_the_question_it_began_with() -> None:
    chain = [*EARLIER, "And in 2019?"]
    assert expand("What about its debts?", chain) == (
        "What was the revenue of Acme in And in 2019? What about its debts?"
    )


def test_a_chain_ends_at_the_first_question_that_stands_by_itself() -> None:
    chain = [*EARLIER, "How high is the lighthouse of Genoa?"]
    assert expand("When was it built?", chain) == (
        "How high is the lighthouse of Genoa? When was it built?"
    )


def test_without_earlier_questions_and_after_a_huge_one_nothing_is_added() -> None:
    assert expand("And in 2019?", []) == "And in 2019?"
    assert expand("And in 2019?", ["word " * 1_000]) == "And in 2019?"
