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


def test_a_set_of_documents_is_none_of_turns(tmp_path: Path) -> None:
    assert not is_dialogue(read_dataset(write_set(tmp_path / "documents")))
    mixed = [{**turn, "conversation": "ab"[n % 2]} for n, turn in enumerate(TURNS)]
    folder = write_set(tmp_path / "mixed", mixed, QUESTIONS, JUDGMENTS)
    assert not is_dialogue(read_dataset(folder))
    long = [{**turn, "text": "word " * 400} for turn in TURNS]
    folder = write_set(tmp_path / "long", long, QUESTIONS, JUDGMENTS)
    assert not is_dialogue(read_dataset(folder))


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
