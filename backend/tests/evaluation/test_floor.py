"""Retrieval stays as good as it is: a small set of our own, through `docchat eval`.

Its 48 sections of six documents and 79 questions (paraphrases, numbers, identifiers, table
cells, quoted phrases, follow-ups) were written for this test. The floors leave two points
for what other processors round differently.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from backend.cli import main
from evaluation.sets import write_set

SMALL_SET = Path(__file__).parent / "small_set"
FLOORS = {"ndcg@10": 0.935, "recall@5": 0.935, "recall@10": 0.98, "mrr": 0.92}


def measure(folder: Path, *options: str) -> dict[str, Any]:
    result = CliRunner().invoke(main, ["eval", str(folder), "--json", *options])
    assert result.exit_code == 0, result.stderr
    measured: dict[str, Any] = json.loads(result.stdout)
    return measured


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("kept"))


def test_no_metric_falls_below_its_floor(kept: str) -> None:
    measured = measure(SMALL_SET, "--work-dir", kept)
    assert measured["queries"] == 79
    assert {name: measured[name] for name in FLOORS if measured[name] < FLOORS[name]} == {}


def test_the_floor_is_one_that_a_worse_search_does_not_reach(kept: str) -> None:
    keywords = ["--set", "RAG_DENSE_WEIGHT=0", "--set", "RAG_SENTENCE_WEIGHT=0"]
    assert measure(SMALL_SET, "--work-dir", kept, *keywords)["ndcg@10"] < FLOORS["ndcg@10"]


def test_follow_ups_are_found_by_what_they_lean_on(tmp_path: Path, kept: str) -> None:
    follow_ups = [query for query in read_queries() if "previous" in query]
    assert len(follow_ups) == 10
    alone = [{"id": query["id"], "text": query["text"]} for query in follow_ups]
    found = measure(subset(tmp_path / "leaning", follow_ups), "--work-dir", kept)
    found_alone = measure(subset(tmp_path / "alone", alone), "--work-dir", kept)
    assert found["mrr"] >= 0.95
    assert found_alone["mrr"] < found["mrr"] - 0.05


def test_questions_that_stand_by_themselves_lose_little_in_a_chat(
    tmp_path: Path, kept: str
) -> None:
    alone = [query for query in read_queries() if "previous" not in query]
    # As if each were asked after the one 20 lines above, which is about something else.
    in_chat = [
        {**query, "previous": [alone[number - 20]["text"]]} for number, query in enumerate(alone)
    ]
    found_alone = measure(subset(tmp_path / "alone", alone), "--work-dir", kept)
    found = measure(subset(tmp_path / "chat", in_chat), "--work-dir", kept)
    assert found["ndcg@10"] >= found_alone["ndcg@10"] - 0.02


def read_queries() -> list[dict[str, Any]]:
    lines = (SMALL_SET / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def subset(folder: Path, queries: Sequence[Mapping[str, Any]]) -> Path:
    """Write the small set with these queries only."""
    corpus = [json.loads(line) for line in (SMALL_SET / "corpus.jsonl").read_text().splitlines()]
    ids = {query["id"] for query in queries}
    judgments = (SMALL_SET / "qrels.tsv").read_text(encoding="utf-8").splitlines()
    chosen = [line for line in judgments if line.split("\t")[0] in ids]
    return write_set(folder, corpus, queries, "\n".join(chosen))
