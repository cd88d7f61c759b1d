"""Sets of dated turns go the way of memory."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from backend.cli import main
from backend.evaluation.dataset import read_dataset
from backend.evaluation.dialogue import is_dialogue, turn_date
from evaluation.sets import write_set

_SAID = {
    "a": [
        "Ann: Which ramen restaurants in Lund are vegan?",
        "Bob: The first is at the harbour, the second at the old mill.",
        "Ann: Yes, the second one, please.",
        "Bob: It is booked.",
        "Ann: My sister moved to Skagen.",
    ],
    "b": [
        "Ann: Which ramen restaurants in Lund are cheap?",
        "Bob: None that I know of.",
        "Ann: Never mind.",
        "Bob: How are the bees?",
        "Ann: They made dark honey.",
    ],
}
TURNS = [
    {"id": f"{name}{n}", "title": "", "text": text, "conversation": name, "date": "8 May 2023"}
    for name, texts in _SAID.items()
    for n, text in enumerate(texts)
]
QUESTIONS = [
    {"id": "q1", "text": "Where is the sister living now?", "conversation": "a"},
    {"id": "q2", "text": "What colour was the honey?"},
    {"id": "q3", "text": "anything", "conversation": "unknown"},
]
JUDGMENTS = "q1\ta4\t1\nq2\tb4\t1\nq3\tb4\t1\n"


def run(*arguments: str | Path) -> dict[str, object]:
    result = CliRunner().invoke(main, ["eval", *map(str, arguments), "--json"])
    assert result.exit_code == 0, result.output
    found: dict[str, object] = json.loads(result.stdout)
    return found


def test_a_set_of_turns_is_searched_as_memory_is(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "talk", TURNS, QUESTIONS, JUDGMENTS)
    assert is_dialogue(read_dataset(folder))
    work = tmp_path / "work"
    found = run(folder, "--work-dir", work)
    # The third names a conversation that is not there.
    assert (found["queries"], found["passages"]) == (3, 10)
    assert found["recall@5"] == pytest.approx(2 / 3, abs=1e-3)
    again = run(folder, "--work-dir", work)
    assert {**again, "latency_ms": None} == {**found, "latency_ms": None}


def test_a_turn_is_found_by_the_turn_it_answers_only_with_its_neighbour(tmp_path: Path) -> None:
    questions = [{"id": "q", "text": "Which mill or harbour did she choose?", "conversation": "a"}]
    folder = write_set(tmp_path / "talk", TURNS, questions, "q\ta2\t1\n")
    alone = ("--set", "MEMORY_NEIGHBOUR_WEIGHT=0", "--set", "MEMORY_NEIGHBOUR_EMBEDDED=false")
    with_neighbour = run(folder)["mrr"]
    without = run(folder, *alone)["mrr"]
    assert isinstance(with_neighbour, float)
    assert isinstance(without, float)
    assert with_neighbour > without


def test_an_answer_is_found_by_its_question_before_other_words_nearby(tmp_path: Path) -> None:
    said = {
        "a": ["Which village has the old mill?", "Skagen.", "I see."],
        "b": ["The village with the old mill is pretty.", "Quite so.", "I see."],
    }
    turns = [
        {"id": f"{name}{n}", "title": "", "text": text, "conversation": name}
        for name, texts in said.items()
        for n, text in enumerate(texts)
    ]
    question = [{"id": "q", "text": "the village that has the mill"}]
    folder = write_set(tmp_path / "talk", turns, question, "q\ta1\t1\n")
    words_alone = ("--memory", "--set", "MEMORY_DENSE_WEIGHT=0")
    neglected = (*words_alone, "--set", "MEMORY_QUESTION_WEIGHT=0.1")
    with_questions = run(folder, *words_alone)["mrr"]
    without = run(folder, *neglected)["mrr"]
    assert with_questions == pytest.approx(1 / 3, abs=1e-3)  # only what has the words comes first
    assert without == pytest.approx(1 / 4, abs=1e-3)


def test_what_a_person_said_comes_before_what_a_model_answered(tmp_path: Path) -> None:
    texts = ["The office moved to the old mill.", "The office moved to the old red mill."]
    turns = [
        {"id": role, "title": "", "text": text, "conversation": role, "role": role}
        for role, text in zip(("assistant", "user"), texts, strict=True)
    ]
    turns.append({**turns[1], "id": "other", "text": "Bees know no office."})
    question = [{"id": "q", "text": "Where did the office move to?"}]
    folder = write_set(tmp_path / "talk", turns, question, "q\tuser\t1\n")
    words_alone = ("--memory", "--set", "MEMORY_DENSE_WEIGHT=0")
    assert run(folder, *words_alone)["mrr"] == 1.0
    assert run(folder, *words_alone, "--set", "MEMORY_ANSWER_WEIGHT=1")["mrr"] == 0.5


def test_turns_of_the_talk_in_which_the_best_was_said_come_first(tmp_path: Path) -> None:
    said = {
        "a": ["The tomato seedlings moved to the greenhouse.", "The tomato is thirsty in August."],
        "b": ["A tomato is thirsty."],
    }
    turns = [
        {"id": f"{name}{n}", "title": "", "text": text, "conversation": name, "date": "8 May 2023"}
        for name, texts in said.items()
        for n, text in enumerate(texts)
    ]
    question = [{"id": "q", "text": "Which tomato seedlings moved to the greenhouse?"}]
    folder = write_set(tmp_path / "talk", turns, question, "q\ta1\t1\n")
    alone = ("--memory", "--set", "MEMORY_DENSE_WEIGHT=0", "--set", "MEMORY_NEIGHBOUR_WEIGHT=0")
    assert run(folder, *alone)["mrr"] == 0.5
    assert run(folder, *alone, "--set", "MEMORY_TALK_WEIGHT=0")["mrr"] == pytest.approx(1 / 3, 1e-2)


def test_a_set_of_documents_is_none_of_turns(tmp_path: Path) -> None:
    assert not is_dialogue(read_dataset(write_set(tmp_path / "documents")))
    mixed = [{**turn, "conversation": "ab"[n % 2]} for n, turn in enumerate(TURNS)]
    folder = write_set(tmp_path / "mixed", mixed, QUESTIONS, JUDGMENTS)
    assert not is_dialogue(read_dataset(folder))
    long = [{**turn, "text": "word " * 400} for turn in TURNS]
    folder = write_set(tmp_path / "long", long, QUESTIONS, JUDGMENTS)
    assert not is_dialogue(read_dataset(folder))
    told = [{**turn, "role": "user"} for turn in long]
    folder = write_set(tmp_path / "told", told, QUESTIONS, JUDGMENTS)
    assert is_dialogue(read_dataset(folder))


@pytest.mark.parametrize(
    "text",
    [
        "2023-05-08",
        "1:56 pm on 8 May, 2023",
        "May 8th, 2023",
        "2023/05/08 (Mon) 13:56",
        "8 may 2023",
    ],
)
def test_dates_are_read_as_people_and_programs_write_them(text: str) -> None:
    assert turn_date(text) == datetime(2023, 5, 8, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "Genoa", "31 February 2023", "8 Foo 2023"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert turn_date(text) is None
