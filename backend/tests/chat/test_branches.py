"""Edited questions and repeated answers stand beside the old ones."""

import pytest

from backend.errors import ValidationFailed
from chat_house import (
    QUOTES,
    House,
)
from openai_server import WORDS, OpenAIServer


def test_a_regenerated_answer_stands_beside_the_old_one(house: House) -> None:
    first = house.ask(QUOTES)
    house.recorder.end(first.assistant_message_id)
    second = house.engine.regenerate(
        house.user_id, message_id=first.assistant_message_id, model="custom:words"
    )
    house.recorder.end(second.assistant_message_id)
    third = house.engine.regenerate(house.user_id, message_id=second.assistant_message_id)
    house.recorder.end(third.assistant_message_id)
    _, one, two, three = house.load_all()
    assert one.parent_id == two.parent_id == three.parent_id == first.user_message_id
    assert [m.model for m in (one, two, three)] == [QUOTES, "custom:words", "custom:words"]
    assert one.content != two.content


def test_an_edited_question_begins_a_branch_and_the_old_one_is_kept(
    house: House, openai_server: OpenAIServer
) -> None:
    house.recorder.end(house.ask("custom:words", "First?").assistant_message_id)
    second = house.ask("custom:words", "Second?")
    house.recorder.end(second.assistant_message_id)
    edited = house.engine.edit(
        house.user_id, message_id=second.user_message_id, text="Better?", client_id="e1"
    )
    house.recorder.end(edited.assistant_message_id)
    by_id = {message.id: message for message in house.load_all()}
    old, new = by_id[second.user_message_id], by_id[edited.user_message_id]
    assert old.parent_id == new.parent_id
    assert old.content == "Second?"
    assert by_id[edited.assistant_message_id].model == "custom:words"
    assert [turn["content"] for turn in openai_server.requests[-1]["messages"][1:]] == [
        "First?",
        "".join(WORDS),
        "Better?",
    ]
    again = house.engine.edit(
        house.user_id, message_id=second.user_message_id, text="Better?", client_id="e1"
    )
    assert again == edited


def test_an_edited_first_question_knows_nothing_of_what_followed(
    house: House, openai_server: OpenAIServer
) -> None:
    first = house.ask("custom:words", "First?")
    house.recorder.end(first.assistant_message_id)
    house.recorder.end(house.ask("custom:words", "Second?").assistant_message_id)
    edited = house.engine.edit(house.user_id, message_id=first.user_message_id, text="Other?")
    house.recorder.end(edited.assistant_message_id)
    assert house.load(edited.user_message_id).parent_id is None
    turns = openai_server.requests[-1]["messages"]
    assert [turn["content"] for turn in turns[1:]] == ["Other?"]
    assert len(house.load_all()) == 6


def test_a_question_follows_the_answer_it_names(house: House) -> None:
    first = house.ask(QUOTES)
    house.recorder.end(first.assistant_message_id)
    house.recorder.end(house.ask(QUOTES).assistant_message_id)
    branch = house.ask(QUOTES, parent_id=first.assistant_message_id)
    house.recorder.end(branch.assistant_message_id)
    assert house.load(branch.user_message_id).parent_id == first.assistant_message_id
    with pytest.raises(ValidationFailed):
        house.ask(QUOTES, parent_id=first.user_message_id)


def test_only_questions_are_edited_and_only_answers_regenerated(house: House) -> None:
    started = house.ask(QUOTES)
    house.recorder.end(started.assistant_message_id)
    with pytest.raises(ValidationFailed):
        house.engine.edit(house.user_id, message_id=started.assistant_message_id, text="?")
    with pytest.raises(ValidationFailed):
        house.engine.regenerate(house.user_id, message_id=started.user_message_id)
