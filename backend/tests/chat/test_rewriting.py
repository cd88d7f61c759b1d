"""A follow-up is put into words by the chosen model, or by rules if that fails."""

from collections.abc import Callable

import pytest

from backend.chat.events import AnswerEnded
from backend.config import Config
from backend.db.session import Database
from chat_house import QUOTES, House, build_house
from openai_server import WORDS, OpenAIServer

FIRST = "What is the lighthouse of Genoa made of?"
BY_RULES = f"{FIRST} How high is it?"


def ask_follow_up(house: House, model: str) -> None:
    house.recorder.end(house.ask(QUOTES, FIRST).assistant_message_id)
    house.recorder.end(house.ask(model, "How high is it?").assistant_message_id)


def searched(house: House) -> list[object]:
    return [query["query"] for query in house.search.queries]


def test_the_built_in_quotes_search_with_the_words_of_the_question_before(house: House) -> None:
    ask_follow_up(house, QUOTES)
    assert searched(house) == [FIRST, BY_RULES]


def test_a_language_model_is_asked_and_what_it_writes_is_searched(
    house: House, openai_server: OpenAIServer
) -> None:
    ask_follow_up(house, "custom:words")
    assert searched(house) == [FIRST, "".join(WORDS)]
    rewriting, answering = openai_server.requests
    assert FIRST in rewriting["messages"][1]["content"]
    assert "Do not answer" in rewriting["messages"][0]["content"]
    assert answering["messages"][-1]["content"] == "How high is it?"


def test_a_question_that_stands_by_itself_is_not_rewritten(
    house: House, openai_server: OpenAIServer
) -> None:
    house.recorder.end(house.ask("custom:words", FIRST).assistant_message_id)
    house.recorder.end(
        house.ask("custom:words", "What do keepers of lighthouses earn?").assistant_message_id
    )
    assert len(openai_server.requests) == 2


@pytest.mark.parametrize("model", ["custom:broken", "custom:empty", "custom:malformed"])
def test_rules_take_over_when_the_model_fails(house: House, model: str) -> None:
    ask_follow_up(house, model)
    assert searched(house)[-1] == BY_RULES


def test_rules_take_over_when_the_model_takes_too_long(
    database: Database, make_config: Callable[..., Config], openai_server: OpenAIServer
) -> None:
    config = make_config(question_rewrite_timeout_s=0.1)
    house = build_house(database, config, openai_server.base_url)
    house.engine.start()
    try:
        house.recorder.end(house.ask(QUOTES, FIRST).assistant_message_id)
        started = house.ask("custom:gated", "How high is it?")
        house.recorder.wait_until(lambda: len(openai_server.requests) == 2)
        assert searched(house)[-1] == BY_RULES
        openai_server.release(4 * len(WORDS))
        assert isinstance(house.recorder.end(started.assistant_message_id), AnswerEnded)
    finally:
        house.engine.stop()


def test_a_timeout_of_zero_leaves_it_to_the_rules(
    database: Database, make_config: Callable[..., Config], openai_server: OpenAIServer
) -> None:
    config = make_config(question_rewrite_timeout_s=0)
    house = build_house(database, config, openai_server.base_url)
    house.engine.start()
    try:
        ask_follow_up(house, "custom:words")
    finally:
        house.engine.stop()
    assert searched(house)[-1] == BY_RULES
    assert len(openai_server.requests) == 1
