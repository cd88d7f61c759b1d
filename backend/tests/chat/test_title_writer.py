"""A model names the conversation behind its first answer."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from backend.chat.events import ConversationChanged
from backend.chat.titles import MAX_CHARACTERS, title_from_model
from backend.config import Config
from backend.db.repositories import conversations
from backend.db.repositories.conversations import ConversationRecord
from backend.db.session import Database
from chat_house import DEADLINE_S, QUOTES, House, build_house
from counting_server import ANSWER, CountingServer, run_counting_server

MODEL = "custom:counted"
QUESTION = "How high is the lighthouse of Genoa?"


class Titles:
    """A provider that answers, and writes a title when it is let."""

    def __init__(self, server: CountingServer) -> None:
        self.text = "Height of the Genoa lighthouse"
        self.asked = threading.Semaphore(0)
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.count = 0
        server.reply = self._reply

    def _reply(self, body: dict[str, Any]) -> str:
        if "Write a title" not in body["messages"][0]["content"]:
            return ANSWER
        self.count += 1
        self.asked.release()
        assert self.may_answer.wait(DEADLINE_S)
        return self.text


@pytest.fixture
def server() -> Iterator[CountingServer]:
    with run_counting_server() as running:
        yield running


@pytest.fixture
def titles(server: CountingServer) -> Titles:
    return Titles(server)


@pytest.fixture
def house(
    database: Database,
    make_config: Callable[..., Config],
    server: CountingServer,
    titles: Titles,
) -> Iterator[House]:
    config = make_config(conversation_title_timeout_s=15, question_rewrite_timeout_s=0)
    built = build_house(database, config, server.base_url)
    built.engine.start()
    yield built
    titles.may_answer.set()
    wait_for_threads()
    built.engine.stop()


def wait_for_threads() -> None:
    """Wait until no answer, which starts it, and no title is being written any more."""
    for name in ("answer", "title"):
        for thread in threading.enumerate():
            if thread.name == name:
                thread.join(DEADLINE_S)
                assert not thread.is_alive()


def load(house: House) -> ConversationRecord:
    with house.database.db_session() as session:
        return conversations.get(session, house.user_id, house.conversation_id)


def ask(house: House, text: str = QUESTION, model: str = MODEL) -> str:
    message_id = house.ask(model, text).assistant_message_id
    house.recorder.end(message_id)
    return message_id


def test_the_question_names_it_at_once_and_the_model_better_afterwards(
    house: House, titles: Titles
) -> None:
    titles.may_answer.clear()
    message_id = ask(house)
    assert titles.asked.acquire(timeout=DEADLINE_S)
    assert (load(house).title, load(house).title_source) == (QUESTION, "question")
    assert house.load(message_id).status == "complete"  # the answer did not wait
    titles.may_answer.set()
    wait_for_threads()
    named = load(house)
    assert (named.title, named.title_source) == ("Height of the Genoa lighthouse", "model")
    assert house.recorder.events[-1] == (house.user_id, ConversationChanged(named))


def test_the_model_is_asked_once_and_briefly(
    house: House, titles: Titles, server: CountingServer
) -> None:
    ask(house)
    wait_for_threads()
    asked = server.requests[-1]
    assert asked["messages"][1]["content"] == f"{QUESTION}\n\n{ANSWER}"
    assert "max_tokens" in asked or "max_completion_tokens" in asked
    ask(house, "Who keeps the lighthouse of Genoa?")
    wait_for_threads()
    assert titles.count == 1


def test_a_title_given_by_hand_meanwhile_stays(house: House, titles: Titles) -> None:
    titles.may_answer.clear()
    ask(house)
    assert titles.asked.acquire(timeout=DEADLINE_S)
    with house.database.db_transaction() as session:
        conversations.change(session, house.user_id, house.conversation_id, title="Mine")
    titles.may_answer.set()
    wait_for_threads()
    assert (load(house).title, load(house).title_source) == ("Mine", "user")


def test_a_title_given_by_hand_before_is_not_even_asked_for(house: House, titles: Titles) -> None:
    with house.database.db_transaction() as session:
        conversations.change(session, house.user_id, house.conversation_id, title="Mine")
    ask(house)
    wait_for_threads()
    assert titles.count == 0


def test_the_built_in_quotes_name_nothing(house: House, titles: Titles) -> None:
    ask(house, model=QUOTES)
    wait_for_threads()
    assert (titles.count, load(house).title) == (0, QUESTION)


def test_a_deleted_conversation_needs_no_title(house: House, titles: Titles) -> None:
    titles.may_answer.clear()
    ask(house)
    assert titles.asked.acquire(timeout=DEADLINE_S)
    with house.database.db_transaction() as session:
        conversations.remove(session, house.user_id, house.conversation_id)
    count = len(house.recorder.events)
    titles.may_answer.set()
    wait_for_threads()
    assert len(house.recorder.events) == count


@pytest.mark.parametrize("text", ["", "?!", "One\nTwo", "word " * 20, "x" * 5_000])
def test_what_is_no_title_changes_nothing(house: House, titles: Titles, text: str) -> None:
    titles.text = text
    ask(house)
    wait_for_threads()
    assert titles.count == 1
    assert (load(house).title, load(house).title_source) == (QUESTION, "question")


def test_a_model_that_fails_or_is_slow_changes_nothing(
    database: Database,
    make_config: Callable[..., Config],
    server: CountingServer,
    titles: Titles,
) -> None:
    config = make_config(conversation_title_timeout_s=0.2)
    house = build_house(database, config, server.base_url)
    house.engine.start()
    titles.may_answer.clear()
    ask(house)
    wait_for_threads()
    assert (titles.count, load(house).title) == (1, QUESTION)
    titles.may_answer.set()
    house.engine.stop()


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ('"Height of the lighthouse."', "Height of the lighthouse"),
        ("**Height** of the `lighthouse`", "Height of the lighthouse"),
        ("# Title: The   lighthouse\n", "The lighthouse"),
        ("„Höhe des Leuchtturms“", "Höhe des Leuchtturms"),
        ("Height [1] of it\u202e", "Height of it"),
        ("灯塔的高度", "灯塔的高度"),
        ("x" * MAX_CHARACTERS, "x" * MAX_CHARACTERS),
        ("x" * (MAX_CHARACTERS + 1), None),
        ("Two\nlines", None),
        ("...", None),
    ],
)
def test_a_title_is_one_clean_line(written: str, title: str | None) -> None:
    assert title_from_model(written) == title
