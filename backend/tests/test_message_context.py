"""What the words before a turn add to it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from backend.config import Config
from backend.db.repositories.message_passages import PassageRecord
from backend.message_context import context_of, text_to_embed, words_around


def passage(before: str, text: str = "To the lake.") -> PassageRecord:
    return PassageRecord(
        id="p",
        message_id="m",
        conversation_id="c",
        conversation_title="",
        user_id="u",
        ordinal=0,
        role="user",
        model=None,
        start=0,
        end=len(text),
        text=text,
        sentences=[[0, len(text)]],
        before=before,
        said_at=datetime(2026, 5, 8, 23, 30, tzinfo=UTC),
        is_recallable=True,
    )


@pytest.mark.parametrize(
    ("before", "asked", "told"),
    [
        ("It rained. Where did you go?", "Where did you go?", "It rained."),
        ("Where did you go? I stayed.", "Where did you go?", "I stayed."),
        ('He said "Why not?" We left.', 'He said "Why not?"', "We left."),
        ("**Shall we go?**", "**Shall we go?**", ""),
        ("雨だった。どこへ行きましたか？", "どこへ行きましたか？", "雨だった。"),
        ("أين ذهبت؟", "أين ذهبت؟", ""),
        ("No question here.", "", "No question here."),
        ("", "", ""),
    ],
)
def test_questions_are_told_from_the_rest(
    config: Config, before: str, asked: str, told: str
) -> None:
    around = dict(words_around(passage(before), config))
    weighed = {words: weight for words, weight in around.items() if words}
    expected = {asked: config.memory_question_weight, told: config.memory_neighbour_weight}
    expected = {words: weight for words, weight in expected.items() if words}
    assert weighed == {**expected, "8 May 2026": config.memory_date_weight}


def test_only_the_end_of_what_stands_before_counts_and_begins_with_a_whole_word() -> None:
    end = context_of(passage("antarctic " * 60))
    assert 200 < len(end) <= 300
    assert set(end.split()) == {"antarctic"}


def test_the_date_and_the_words_before_are_embedded_in_front(
    make_config: Callable[..., Config],
) -> None:
    said = passage("Where did\nyou go?", "To  the\nlake.")
    assert text_to_embed(said, make_config()) == "8 May 2026\nWhere did you go?\nTo the lake."
    assert text_to_embed(replace(said, before=""), make_config()) == "8 May 2026\nTo the lake."
    undated = make_config(memory_date_embedded=False)
    assert text_to_embed(said, undated) == "Where did you go?\nTo the lake."
    bare = make_config(memory_date_embedded=False, memory_neighbour_embedded=False)
    assert text_to_embed(said, bare) == "To the lake."
