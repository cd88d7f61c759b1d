"""Weak evidence: every answer begins by saying so, and its message is flagged."""

import pytest

from backend.chat.answering import NOTHING_CHOSEN
from backend.chat.events import AnswerEnded
from backend.chat.evidence import WEAK_EVIDENCE, evidence, is_task
from backend.chat.retrieval import Source
from backend.db.repositories import collections
from backend.db.repositories.messages import MessageRecord
from backend.llm.quotes import NEAREST, NOTHING
from chat_house import QUOTES, House, make_chunk, make_result
from openai_server import WORDS, OpenAIServer

WEAK = make_result(["Goats eat the grass around it.", "It was rebuilt in 1543."], [0.2, 0.1])


def ask(house: House, model: str = QUOTES, **options: list[str]) -> MessageRecord:
    end = house.recorder.end(house.ask(model, **options).assistant_message_id)
    assert isinstance(end, AnswerEnded)
    assert end.message == house.load(end.message.id)
    return end.message


def test_the_quotes_offer_the_nearest_passages_instead(house: House) -> None:
    house.search.results = [WEAK]
    message = ask(house)
    assert message.no_answer
    assert message.content == (
        f"{WEAK_EVIDENCE}\n\n{NEAREST}\n"
        "\n- lighthouse.pdf, page 1: “Goats eat the grass around it.” [1]"
    )
    assert [citation["support"] for citation in message.citations] == ["verified"]


def test_a_language_models_answer_begins_with_the_same_sentence(
    house: House, openai_server: OpenAIServer
) -> None:
    house.search.results = [WEAK]
    started = house.start_gated(openai_server)
    first = house.recorder.pieces(started.assistant_message_id)[0]
    assert (first.offset, first.text) == (0, f"{WEAK_EVIDENCE}\n\n")
    openai_server.release(10)
    end = house.recorder.end(started.assistant_message_id)
    assert isinstance(end, AnswerEnded)
    assert end.message.no_answer
    assert end.message.content.startswith(f"{WEAK_EVIDENCE}\n\n{WORDS[0]}")
    prompt = openai_server.requests[-1]["messages"][0]["content"]
    assert "The evidence is weak" in prompt


def test_good_evidence_is_answered_without_a_word_about_it(house: House) -> None:
    for model in (QUOTES, "custom:words"):
        message = ask(house, model)
        assert not message.no_answer
        assert WEAK_EVIDENCE not in message.content


def test_a_task_is_not_judged_by_evidence_but_the_quotes_cannot_do_it(house: House) -> None:
    house.search.results = [WEAK]
    task = house.ask("custom:words", "Please summarise the chapter on goats.")
    end = house.recorder.end(task.assistant_message_id)
    assert isinstance(end, AnswerEnded)
    assert not end.message.no_answer
    quotes = house.ask(QUOTES, "Please summarise the chapter on goats.")
    end = house.recorder.end(quotes.assistant_message_id)
    assert isinstance(end, AnswerEnded)
    assert end.message.no_answer


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Summarise this", True),
        ("could you please translate the letter into French?", True),
        ("Fass den Bericht zusammen", True),
        ("Résumez ce document.", True),
        ("¡Hola!", True),
        ("Thanks!", True),
        ("How tall is the lighthouse?", False),
        ("Who wrote the summary?", False),
        ("Heya", False),
        ("", False),
    ],
)
def test_tasks_are_told_from_questions(text: str, expected: bool) -> None:
    assert is_task(text) is expected


def test_nothing_found_is_no_answer(house: House) -> None:
    house.search.results = []
    message = ask(house)
    assert message.no_answer
    assert message.content == f"{WEAK_EVIDENCE}\n\n{NOTHING}"


def test_nothing_to_search_is_no_answer(house: House) -> None:
    with house.database.db_transaction() as session:
        empty = collections.create(session, house.user_id, "Empty").id
    message = ask(house, collection_ids=[empty])
    assert message.no_answer
    assert message.content == NOTHING_CHOSEN


def test_a_stopped_answer_keeps_the_flag(house: House, openai_server: OpenAIServer) -> None:
    house.search.results = [WEAK]
    started = house.start_gated(openai_server)
    house.engine.stop_answer(house.user_id, started.assistant_message_id)
    stored = house.load(started.assistant_message_id)
    assert (stored.status, stored.no_answer) == ("stopped", True)


def test_a_failed_answer_keeps_the_flag(house: House) -> None:
    house.search.results = [WEAK]
    message_id = house.ask("custom:broken").assistant_message_id
    house.recorder.end(message_id)
    stored = house.load(message_id)
    assert (stored.status, stored.no_answer) == ("failed", True)


@pytest.mark.parametrize(
    ("sentences", "relevance", "expected"),
    [
        (["It is 77 metres high.", "Goats eat grass."], (0.7, 0.2), 0.7),
        (["Height", "It is 77 metres high."], (0.9, 0.4), 0.4),  # a heading is no evidence
        (["Height"], (0.9,), 0.0),
    ],
)
def test_the_evidence_is_the_best_sentences_relevance(
    sentences: list[str], relevance: tuple[float, ...], expected: float
) -> None:
    assert evidence([Source(1, make_chunk(sentences), 1.0, relevance)]) == expected
    assert evidence([]) == 0.0
