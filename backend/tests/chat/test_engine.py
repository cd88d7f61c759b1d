"""The answer engine on a real database with a real local provider."""

import threading
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import event
from sqlalchemy import text as sql

from backend.chat.engine import Started
from backend.chat.events import AnswerEnded, AnswerFailed, AnswerStarted, ConversationChanged
from backend.config import Config
from backend.db.repositories import conversations, messages
from backend.db.session import Database
from backend.errors import (
    Busy,
    NotFound,
    TooManyAnswers,
    Unavailable,
    UnknownModel,
    ValidationFailed,
)
from chat_house import (
    DEADLINE_S,
    QUOTES,
    House,
    add_conversation,
    add_document,
    add_user,
    build_house,
)
from openai_server import WORDS, OpenAIServer

# --- A whole answer


def test_a_question_is_answered_with_quotes_and_citations(house: House) -> None:
    started = house.ask(QUOTES)
    end = house.recorder.end(started.assistant_message_id)
    assert isinstance(end, AnswerEnded)
    assert end.message == house.load(started.assistant_message_id)
    assert end.message.status == "complete"
    assert end.message.content == "“The lighthouse of Genoa is 77 metres high.” [1]"
    [citation] = end.message.citations
    assert citation["quote"] == "The lighthouse of Genoa is 77 metres high."
    assert citation["support"] == "verified"


def test_a_language_models_answer_is_streamed_and_cited(house: House) -> None:
    started = house.ask("custom:words")
    end = house.recorder.end(started.assistant_message_id)
    assert isinstance(end, AnswerEnded)
    assert end.message.content == "".join(WORDS)
    assert [citation["n"] for citation in end.message.citations] == [1]
    pieces = house.recorder.pieces(started.assistant_message_id)
    assert "".join(piece.text for piece in pieces) == end.message.content


def test_events_come_in_order_and_to_the_asker_alone(house: House) -> None:
    started = house.ask("custom:words")
    house.recorder.end(started.assistant_message_id)
    assert {user_id for user_id, _ in house.recorder.events} == {house.user_id}
    kinds = [type(event).__name__ for _, event in house.recorder.events]
    assert kinds[:2] == ["ConversationChanged", "AnswerStarted"]
    assert set(kinds[2:-1]) == {"AnswerText"}
    assert kinds[-1] == "AnswerEnded"


def test_both_messages_are_stored_before_the_answer_begins(
    house: House, openai_server: OpenAIServer
) -> None:
    started = house.ask("custom:gated")
    question, answer = house.load_all()
    assert (question.id, question.content) == (started.user_message_id, "How high is it?")
    assert (answer.id, answer.parent_id) == (started.assistant_message_id, question.id)
    assert (answer.status, answer.model) == ("streaming", "custom:gated")
    openai_server.release(3)
    house.recorder.end(answer.id)


def test_invalid_marks_vanish_from_the_final_text(house: House) -> None:
    end = house.recorder.end(house.ask("custom:marks").assistant_message_id)
    assert isinstance(end, AnswerEnded)
    assert end.message.content == "It is 77 metres high [1]. It was built by elves."
    assert len(end.message.citations) == 1


def test_odd_characters_arrive_whole_and_can_be_stored(house: House) -> None:
    end = house.recorder.end(house.ask("custom:halves").assistant_message_id)
    assert isinstance(end, AnswerEnded)
    assert end.message.content == "a😀b\ufffdc"


def test_a_question_with_a_cut_emoji_is_kept_and_answered(house: House) -> None:
    house.recorder.end(
        house.ask("builtin:quotes", text="How high\ud83d is\0 it?").assistant_message_id
    )
    assert house.load_all()[0].content == "How high? is it?"


def test_the_model_sees_the_passages_and_the_branch_before(
    house: House, openai_server: OpenAIServer
) -> None:
    house.recorder.end(house.ask("custom:words", "First?").assistant_message_id)
    house.recorder.end(house.ask("custom:words", "Second?").assistant_message_id)
    prompt = openai_server.requests[-1]["messages"]
    assert [turn["role"] for turn in prompt] == ["system", "user", "assistant", "user"]
    assert "77 metres high." in prompt[0]["content"]
    assert [turn["content"] for turn in prompt[1:]] == ["First?", "".join(WORDS), "Second?"]


def test_without_documents_nothing_is_searched(house: House, database: Database) -> None:
    other = add_user(database, "bob")
    started = house.engine.ask(
        other, conversation_id=add_conversation(database, other), text="?", model=QUOTES
    )
    end = house.recorder.end(started.assistant_message_id)
    assert isinstance(end, AnswerEnded)
    assert end.message.content.startswith("There are no documents")
    assert house.search.queries == []


# --- The conversation


def test_the_first_question_names_the_conversation(house: House) -> None:
    house.recorder.end(house.ask(QUOTES, "How *high* is it?").assistant_message_id)
    house.recorder.end(house.ask(QUOTES, "And old?").assistant_message_id)
    changes = [e for _, e in house.recorder.events if isinstance(e, ConversationChanged)]
    assert [change.conversation.title for change in changes] == ["How high is it?"] * 2
    assert changes[1].conversation.message_count == 4
    assert changes[1].conversation.updated_at > changes[0].conversation.updated_at


def test_a_further_question_asks_the_database_little(house: House) -> None:
    """Every statement takes longer to be put together than to run, once for each question."""
    house.recorder.end(house.ask("custom:words").assistant_message_id)
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        is_of_the_saver = threading.current_thread().name == "answer-saver"
        if not is_of_the_saver and not statement.startswith("BEGIN"):
            statements.append(statement)

    event.listen(house.database.engine, "before_cursor_execute", note)
    house.recorder.end(house.ask("custom:words", "And how old?").assistant_message_id)
    event.remove(house.database.engine, "before_cursor_execute", note)
    assert len(statements) <= 16, "\n".join(statements)


def test_a_title_given_by_the_user_stays(house: House) -> None:
    with house.database.db_transaction() as session:
        conversations.change(session, house.user_id, house.conversation_id, title="Mine")
    house.ask(QUOTES)
    with house.database.db_session() as session:
        record = conversations.get(session, house.user_id, house.conversation_id)
    assert record.title == "Mine"


def test_settings_sent_along_are_kept_and_used(house: House) -> None:
    document_id = add_document(house.database, house.user_id, "b.pdf")
    started = house.ask(QUOTES, document_ids=[document_id])
    house.recorder.end(started.assistant_message_id)
    with house.database.db_session() as session:
        record = conversations.get(session, house.user_id, house.conversation_id)
    assert record.document_ids == (document_id,)
    assert house.search.queries[-1]["document_ids"] == (document_id,)


# --- What is refused


@pytest.mark.parametrize("text", ["", "  \n", "\x00", "x" * 32_001])
def test_empty_and_overlong_messages_are_refused_by_name(house: House, text: str) -> None:
    with pytest.raises(ValidationFailed) as raised:
        house.ask(QUOTES, text)
    assert raised.value.details is not None
    assert list(raised.value.details) == ["message"]
    assert house.load_all() == []


def test_unknown_models_are_refused(house: House) -> None:
    with pytest.raises(UnknownModel):
        house.ask("nobody:x")
    assert house.load_all() == []


def test_what_belongs_to_somebody_else_does_not_exist(house: House, database: Database) -> None:
    other = add_user(database, "bob")
    started = house.ask(QUOTES)
    message_id = started.assistant_message_id
    house.recorder.end(message_id)
    engine = house.engine
    calls: list[Callable[[], object]] = [
        lambda: engine.ask(other, conversation_id=house.conversation_id, text="?", model=QUOTES),
        lambda: engine.edit(other, message_id=started.user_message_id, text="?"),
        lambda: engine.regenerate(other, message_id=message_id),
        lambda: engine.stop_answer(other, message_id),
        lambda: engine.resume(other, message_id),
        lambda: house.ask(QUOTES, document_ids=[add_document(database, other)]),
        lambda: house.ask(QUOTES, parent_id="nothing"),
        lambda: house.ask(QUOTES, conversation_id="nothing"),
    ]
    for call in calls:
        with pytest.raises(NotFound):
            call()
    assert len(house.load_all()) == 2


def test_a_second_answer_in_a_conversation_has_to_wait(
    house: House, openai_server: OpenAIServer
) -> None:
    started = house.start_gated(openai_server)
    with pytest.raises(Busy) as raised:
        house.ask(QUOTES)
    assert raised.value.details == {"message_id": started.assistant_message_id}
    openai_server.release(2)
    house.recorder.end(started.assistant_message_id)
    house.recorder.end(house.ask(QUOTES).assistant_message_id)


@pytest.fixture
def small_house(
    database: Database, make_config: Callable[..., Config], openai_server: OpenAIServer
) -> Iterator[House]:
    """One answer at a time in the whole house."""
    built = build_house(database, make_config(chat_max_running_answers=1), openai_server.base_url)
    built.engine.start()
    yield built
    built.engine.stop()


def test_too_many_answers_at_once_are_refused_and_leave_nothing_behind(
    small_house: House, openai_server: OpenAIServer
) -> None:
    started = small_house.start_gated(openai_server)
    other = add_conversation(small_house.database, small_house.user_id)
    with pytest.raises(Unavailable):
        small_house.ask(QUOTES, conversation_id=other)
    with small_house.database.db_session() as session:
        assert messages.list_for_conversation(session, small_house.user_id, other) == []
    openai_server.release(2)
    small_house.recorder.end(started.assistant_message_id)
    # The place is free a moment after the end is published.
    deadline = threading.Event()
    for _ in range(200):
        try:
            second = small_house.ask(QUOTES, conversation_id=other)
            break
        except Unavailable:
            deadline.wait(DEADLINE_S / 200)
    small_house.recorder.end(second.assistant_message_id)


@pytest.fixture
def one_each_house(
    database: Database, make_config: Callable[..., Config], openai_server: OpenAIServer
) -> Iterator[House]:
    """One answer at a time for each user."""
    built = build_house(database, make_config(chat_max_running_per_user=1), openai_server.base_url)
    built.engine.start()
    yield built
    built.engine.stop()


def test_one_user_cannot_take_all_places(
    one_each_house: House, openai_server: OpenAIServer
) -> None:
    house = one_each_house
    started = house.start_gated(openai_server)
    second = add_conversation(house.database, house.user_id)
    with pytest.raises(TooManyAnswers) as raised:
        house.ask(QUOTES, conversation_id=second)
    assert raised.value.details == {"limit": 1}
    bob = add_user(house.database, "bob")
    other = house.engine.ask(
        bob, conversation_id=add_conversation(house.database, bob), text="?", model=QUOTES
    )
    house.recorder.end(other.assistant_message_id)
    openai_server.release(2)
    house.recorder.end(started.assistant_message_id)
    house.recorder.end(house.ask(QUOTES, conversation_id=second).assistant_message_id)


# --- Sent twice


def test_a_repeated_client_id_starts_nothing(house: House) -> None:
    first = house.ask(QUOTES, client_id="c1")
    again = house.ask(QUOTES, "Something else", client_id="c1")
    house.recorder.end(first.assistant_message_id)
    assert house.ask(QUOTES, client_id="c1") == again == first
    assert len(house.load_all()) == 2
    starts = [e for _, e in house.recorder.events if isinstance(e, AnswerStarted)]
    assert len(starts) == 1


def test_a_client_id_sent_over_many_connections_at_once_starts_one_answer(house: House) -> None:
    results: list[Started] = []
    barrier = threading.Barrier(8)

    def send() -> None:
        barrier.wait()
        results.append(house.ask(QUOTES, client_id="c1"))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    assert len(set(results)) == 1
    assert len(house.load_all()) == 2


def test_a_repeated_regenerate_starts_nothing(house: House) -> None:
    first = house.ask(QUOTES)
    house.recorder.end(first.assistant_message_id)
    results: list[Started] = []
    barrier = threading.Barrier(4)

    def send() -> None:
        barrier.wait()
        results.append(
            house.engine.regenerate(
                house.user_id, message_id=first.assistant_message_id, client_id="r1"
            )
        )

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    [again] = set(results)
    assert again.user_message_id == first.user_message_id
    assert again.assistant_message_id != first.assistant_message_id
    house.recorder.end(again.assistant_message_id)
    assert len(house.load_all()) == 3


# --- Failures


@pytest.mark.parametrize(
    ("model", "code", "text"),
    [
        ("custom:unauthorized", "provider_auth", ""),
        ("custom:rate-limited", "provider_rate_limited", ""),
        ("custom:too-long", "context_too_long", ""),
        ("custom:broken", "provider_error", ""),
        ("custom:empty", "provider_error", ""),
        ("custom:cut", "provider_error", "The light"),
        ("custom:malformed", "provider_error", "The light"),
        ("openai:gpt", "api_key_missing", ""),
    ],
)
def test_a_failed_answer_keeps_its_text_and_says_why(
    house: House, model: str, code: str, text: str
) -> None:
    started = house.ask(model)
    end = house.recorder.end(started.assistant_message_id)
    assert isinstance(end, AnswerFailed)
    assert end.error.code == code
    message = house.load(started.assistant_message_id)
    assert (message.status, message.content) == ("failed", text)
    assert message.error is not None
    assert message.error["code"] == code
    assert house.load(started.user_message_id).content == "How high is it?"


def test_a_bug_ends_the_answer_without_telling_internals(house: House) -> None:
    house.search.results = [None]  # type: ignore[list-item]
    started = house.ask(QUOTES)
    end = house.recorder.end(started.assistant_message_id)
    assert isinstance(end, AnswerFailed)
    assert end.error.code == "internal_error"
    assert "NoneType" not in end.error.message
    assert house.load(started.assistant_message_id).status == "failed"


def test_an_answer_whose_conversation_is_deleted_still_ends(
    house: House, openai_server: OpenAIServer
) -> None:
    started = house.start_gated(openai_server)
    with house.database.db_transaction() as session:
        conversations.remove(session, house.user_id, house.conversation_id)
    openai_server.release(2)
    end = house.recorder.end(started.assistant_message_id)
    assert isinstance(end, AnswerFailed)
    assert end.error.code == "not_found"


def test_an_end_that_cannot_be_saved_is_told_at_once_and_saved_when_it_can_be(
    house: House, openai_server: OpenAIServer
) -> None:
    started = house.start_gated(openai_server)
    message_id = started.assistant_message_id
    with house.database.db_transaction() as session:
        session.execute(
            sql(
                "CREATE TRIGGER refuse BEFORE UPDATE ON messages "
                "WHEN NEW.status <> 'streaming' BEGIN SELECT RAISE(ABORT, 'disk full'); END"
            )
        )
    openai_server.release(2)
    end = house.recorder.end(message_id)
    assert isinstance(end, AnswerFailed)
    assert house.load(message_id).status == "streaming"
    told = house.engine.resume(house.user_id, message_id)
    assert (told.status, told.content) == ("failed", "".join(WORDS))
    house.engine.stop_answer(house.user_id, message_id)
    with house.database.db_transaction() as session:
        session.execute(sql("DROP TRIGGER refuse"))
    house.recorder.end(house.ask(QUOTES).assistant_message_id)  # settles what is in its way
    saved = house.load(message_id)
    assert (saved.status, saved.content) == ("failed", "".join(WORDS))
    assert saved.error == end.error.to_wire(end.request_id)
    assert len(house.recorder.ends(message_id)) == 1


# --- Connections


def test_no_database_connection_is_held_while_the_provider_is_silent(
    house: House, openai_server: OpenAIServer
) -> None:
    started = house.start_gated(openai_server)
    pool = house.database.engine.pool
    checked_out = [pool.checkedout() for _ in range(100)]  # type: ignore[attr-defined]
    assert 0 in checked_out  # the saver may come by
    openai_server.release(2)
    house.recorder.end(started.assistant_message_id)
