"""How answers end before they are complete: stops, lost connections, restarts."""

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import update

from backend.chat.engine import AnswerEngine
from backend.chat.events import AnswerEnded, AnswerFailed
from backend.clock import utc_now
from backend.config import Config
from backend.db.models import Message
from backend.db.repositories import conversations, messages
from backend.db.session import Database
from backend.errors import Busy, Unavailable
from backend.store.search import SearchResult
from chat_house import DEADLINE_S, QUOTES, House, build_house, search_no_messages
from openai_server import WORDS, OpenAIServer


def test_stopping_ends_at_once_and_keeps_the_text(
    house: House, openai_server: OpenAIServer
) -> None:
    started = house.ask("custom:silent")
    house.wait_for_pieces(started, 1)
    house.engine.stop_answer(house.user_id, started.assistant_message_id)
    [end] = house.recorder.ends(started.assistant_message_id)
    assert isinstance(end, AnswerEnded)
    assert (end.message.status, end.message.content) == ("stopped", "The light")
    assert house.load(started.assistant_message_id) == end.message
    house.engine.stop_answer(house.user_id, started.assistant_message_id)
    assert len(house.recorder.ends(started.assistant_message_id)) == 1


def test_a_stopped_answer_hangs_up_on_the_provider(
    house: House, openai_server: OpenAIServer
) -> None:
    started = house.start_gated(openai_server)
    house.engine.stop_answer(house.user_id, started.assistant_message_id)
    openai_server.release(1)  # the next word shows that nobody wants it
    openai_server.wait_for_hang_up()


def test_a_conversations_answers_can_be_stopped_together(
    house: House, openai_server: OpenAIServer
) -> None:
    started = house.start_gated(openai_server)
    house.engine.stop_answers(house.user_id, "another")
    house.engine.stop_answers("somebody", house.conversation_id)
    assert house.recorder.ends(started.assistant_message_id) == []
    house.engine.stop_answers(house.user_id, house.conversation_id)
    assert house.load(started.assistant_message_id).status == "stopped"


def test_a_resumed_answer_continues_where_the_text_ends(
    house: House, openai_server: OpenAIServer
) -> None:
    started = house.start_gated(openai_server)
    before = house.engine.resume(house.user_id, started.assistant_message_id)
    assert (before.status, before.content) == ("streaming", WORDS[0])
    seen = len(house.recorder.pieces(started.assistant_message_id))
    openai_server.release(2)
    end = house.recorder.end(started.assistant_message_id)
    assert isinstance(end, AnswerEnded)
    later = house.recorder.pieces(started.assistant_message_id)[seen:]
    assert later[0].offset == len(before.content)
    assert before.content + "".join(piece.text for piece in later) == end.message.content
    assert house.engine.resume(house.user_id, started.assistant_message_id) == end.message


def test_text_is_saved_while_the_answer_is_written(
    house: House, openai_server: OpenAIServer
) -> None:
    started = house.start_gated(openai_server)
    poll = threading.Event()
    for _ in range(200):
        if house.load(started.assistant_message_id).content == WORDS[0]:
            break
        poll.wait(DEADLINE_S / 200)
    message = house.load(started.assistant_message_id)
    assert (message.status, message.content) == ("streaming", WORDS[0])
    openai_server.release(2)
    house.recorder.end(started.assistant_message_id)


def test_a_stop_of_the_server_leaves_the_text_interrupted(
    house: House, openai_server: OpenAIServer
) -> None:
    started = house.start_gated(openai_server)
    house.engine.stop()
    end = house.recorder.end(started.assistant_message_id)
    assert isinstance(end, AnswerEnded)
    assert (end.message.status, end.message.content) == ("interrupted", WORDS[0])
    with pytest.raises(Unavailable):
        house.ask(QUOTES)


def test_answers_left_by_a_crash_are_interrupted_at_the_next_start(
    database: Database, config: Config, openai_server: OpenAIServer
) -> None:
    house = build_house(database, config, openai_server.base_url)
    with database.db_transaction() as session:
        left = messages.add(
            session,
            user_id=house.user_id,
            conversation_id=house.conversation_id,
            parent_id=None,
            role="assistant",
            content="half",
            status="streaming",
        )
    house.engine.start()
    assert house.load(left.id).status == "interrupted"
    assert house.load(left.id).content == "half"
    house.engine.stop()


@pytest.fixture
def shared_house(
    database: Database, make_config: Callable[..., Config], openai_server: OpenAIServer
) -> Iterator[House]:
    """One of several server processes on the same database."""
    config = make_config(redis_url="redis://127.0.0.1:1")
    built = build_house(database, config, openai_server.base_url)
    yield built
    built.engine.stop()


def add_streaming(house: House, age: timedelta) -> str:
    """Add an answer that another process is writing, saved last `age` ago."""
    with house.database.db_transaction() as session:
        message_id = messages.add(
            session,
            user_id=house.user_id,
            conversation_id=house.conversation_id,
            parent_id=None,
            role="assistant",
            content="half",
            status="streaming",
        ).id
        session.execute(
            update(Message).where(Message.id == message_id).values(updated_at=utc_now() - age)
        )
        return message_id


def test_what_another_process_writes_is_left_alone(shared_house: House) -> None:
    message_id = add_streaming(shared_house, timedelta(seconds=1))
    shared_house.engine.start()
    with pytest.raises(Busy):
        shared_house.ask(QUOTES)
    assert shared_house.load(message_id).status == "streaming"


def test_a_writer_that_gives_no_sign_is_not_waited_for_forever(shared_house: House) -> None:
    message_id = add_streaming(shared_house, timedelta(seconds=1))
    shared_house.engine.start()
    message = shared_house.engine.resume(shared_house.user_id, message_id)
    assert (message.status, message.content) == ("streaming", "half")
    shared_house.engine.stop_answer(shared_house.user_id, message_id)
    stopped = shared_house.load(message_id)
    assert (stopped.status, stopped.content) == ("stopped", "half")
    assert shared_house.recorder.ends(message_id) == [AnswerEnded(stopped)]


@pytest.fixture
def elsewhere(shared_house: House) -> Iterator[AnswerEngine]:
    """The engine of another server process on the house's database."""
    house = shared_house
    engine = AnswerEngine(
        house.database,
        house.config,
        house.catalog,
        house.search,
        house.embed,
        house.recorder,
        search_no_messages,
    )
    house.engine.start()
    engine.start()
    yield engine
    engine.stop()


def test_a_stop_reaches_the_process_that_writes(
    shared_house: House, elsewhere: AnswerEngine, openai_server: OpenAIServer
) -> None:
    started = shared_house.start_gated(openai_server)
    message_id = started.assistant_message_id
    elsewhere.stop_answer(shared_house.user_id, message_id)
    stopped = shared_house.load(message_id)
    assert (stopped.status, stopped.content) == ("stopped", WORDS[0])
    assert shared_house.recorder.end(message_id) == AnswerEnded(stopped)
    openai_server.release(1)
    openai_server.wait_for_hang_up()


def test_a_resume_in_another_process_has_all_that_was_sent(
    shared_house: House, elsewhere: AnswerEngine, openai_server: OpenAIServer
) -> None:
    started = shared_house.start_gated(openai_server)
    message_id = started.assistant_message_id
    for count in (1, 2):
        shared_house.wait_for_pieces(started, count)
        sent = "".join(piece.text for piece in shared_house.recorder.pieces(message_id))
        found = elsewhere.resume(shared_house.user_id, message_id)
        assert (found.status, found.content) == ("streaming", sent)
        openai_server.release(1)
    end = shared_house.recorder.end(message_id)
    assert isinstance(end, AnswerEnded)
    assert elsewhere.resume(shared_house.user_id, message_id) == end.message


def test_an_answer_whose_row_is_deleted_elsewhere_ends_soon(
    shared_house: House, elsewhere: AnswerEngine, openai_server: OpenAIServer
) -> None:
    started = shared_house.start_gated(openai_server)
    with shared_house.database.db_transaction() as session:
        conversations.remove(session, shared_house.user_id, shared_house.conversation_id)
    end = shared_house.recorder.end(started.assistant_message_id)
    assert isinstance(end, AnswerFailed)
    assert end.error.code == "not_found"


def test_the_end_of_a_dead_process_is_told_by_the_others(shared_house: House) -> None:
    shared_house.engine.start()
    message_id = add_streaming(shared_house, timedelta(minutes=2))
    shared_house.engine.settle_abandoned()
    ended = shared_house.load(message_id)
    assert (ended.status, ended.content) == ("interrupted", "half")
    assert shared_house.recorder.ends(message_id) == [AnswerEnded(ended)]


def test_what_a_dead_process_left_is_interrupted(shared_house: House) -> None:
    shared_house.engine.start()
    engine, user_id = shared_house.engine, shared_house.user_id
    resumed = add_streaming(shared_house, timedelta(minutes=2))
    assert engine.resume(user_id, resumed).status == "interrupted"
    stopped = add_streaming(shared_house, timedelta(minutes=2))
    engine.stop_answer(user_id, stopped)
    assert shared_house.load(stopped).status == "interrupted"
    in_the_way = add_streaming(shared_house, timedelta(minutes=2))
    shared_house.recorder.end(shared_house.ask(QUOTES).assistant_message_id)
    assert shared_house.load(in_the_way).status == "interrupted"
    assert shared_house.load(in_the_way).content == "half"


def test_a_stop_while_passages_are_looked_for_ends_at_once(
    house: House, openai_server: OpenAIServer
) -> None:
    searching, may_find = threading.Event(), threading.Event()

    def search(**_options: object) -> Sequence[SearchResult]:
        searching.set()
        assert may_find.wait(DEADLINE_S)
        return []

    engine = AnswerEngine(
        house.database,
        house.config,
        house.catalog,
        search,
        house.embed,
        house.recorder,
        search_no_messages,
    )
    started = engine.ask(
        house.user_id, conversation_id=house.conversation_id, text="?", model="custom:words"
    )
    assert searching.wait(DEADLINE_S)
    engine.stop_answer(house.user_id, started.assistant_message_id)
    ended = house.load(started.assistant_message_id)
    assert (ended.status, ended.content) == ("stopped", "")
    assert house.recorder.ends(ended.id) == [AnswerEnded(ended)]
    may_find.set()
    engine.stop()
    house.recorder.end(house.ask(QUOTES).assistant_message_id)
    assert openai_server.requests == []
    assert house.load(ended.id) == ended


def test_a_stop_at_the_moment_of_the_end_leaves_one_end(house: House) -> None:
    for delay_ms in range(20):
        started = house.ask(QUOTES)
        threading.Event().wait(delay_ms / 1000)
        house.engine.stop_answer(house.user_id, started.assistant_message_id)
        # What the ack of a stop promises: it is final and stored.
        row = house.load(started.assistant_message_id)
        assert row.status in ("complete", "stopped")
        assert house.recorder.end(started.assistant_message_id) == AnswerEnded(row)


@pytest.mark.parametrize("model", ["custom:cut", "custom:broken"])
def test_what_failed_can_be_written_again_by_another_model(
    house: House, openai_server: OpenAIServer, model: str
) -> None:
    failed = house.ask(model)
    assert isinstance(house.recorder.end(failed.assistant_message_id), AnswerFailed)
    again = house.engine.regenerate(
        house.user_id, message_id=failed.assistant_message_id, model="custom:words"
    )
    end = house.recorder.end(again.assistant_message_id)
    assert isinstance(end, AnswerEnded)
    assert (end.message.status, end.message.model) == ("complete", "custom:words")
    assert end.message.parent_id == failed.user_message_id
    assert house.load(failed.assistant_message_id).status == "failed"
    roles = [turn["role"] for turn in openai_server.requests[-1]["messages"]]
    assert roles == ["system", "user"]  # the failed text is not part of the branch
