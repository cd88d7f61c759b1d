"""`docchat eval` on small sets, through the product's own rows, index and model."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from backend.cli import main
from evaluation.sets import CORPUS, QUERIES, write_set


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["eval", *map(str, arguments)])


def test_each_set_gives_one_json_object(tmp_path: Path) -> None:
    first, second = write_set(tmp_path / "a"), write_set(tmp_path / "b")
    result = run(first, second, "--json")
    assert result.exit_code == 0
    objects = [json.loads(line) for line in result.stdout.splitlines()]
    assert [found["dataset"] for found in objects] == ["a", "b"]
    for found in objects:
        latency = found.pop("latency_ms")
        assert 0 < latency["p50"] <= latency["p95"]
        assert found == {
            "dataset": found["dataset"],
            "documents": 3,
            "passages": 3,
            "queries": 2,
            "ndcg@10": 1.0,
            "recall@5": 1.0,
            "recall@10": 1.0,
            "mrr": 1.0,
        }


def test_without_json_it_is_a_table(tmp_path: Path) -> None:
    result = run(write_set(tmp_path / "lighthouses"), "--halves")
    header, rule, hybrid, keywords, embeddings = result.stdout.splitlines()
    assert header.split("|")[2].strip() == "nDCG@10"
    assert set(rule) == set("|- ")
    assert hybrid.startswith("| lighthouses ")
    assert keywords.startswith("| - keywords alone ")
    assert embeddings.startswith("| - embeddings alone ")
    assert len({len(line) for line in result.stdout.splitlines()}) == 1


def test_only_the_querys_conversation_is_searched(tmp_path: Path) -> None:
    corpus = [
        {**CORPUS[0], "conversation": "other"},
        {"id": "hint", "title": "", "text": "Towers differ.", "conversation": "mine"},
    ]
    queries = [{**QUERIES[0], "conversation": "mine"}, {**QUERIES[1], "conversation": "none"}]
    folder = write_set(tmp_path / "set", corpus, queries, "q1\thint\t1\nq2\thint\t1\n")
    found = json.loads(run(folder, "--json").stdout)
    # The first query finds its conversation's only document; the second has none to search.
    assert found["mrr"] == 0.5


def test_a_setting_can_be_overridden(tmp_path: Path) -> None:
    text = "Wrong colour. " * 40 + "\n\n" + "The lamp is green. " * 40
    folder = write_set(
        tmp_path / "set",
        [{"id": "long", "title": "", "text": text}],
        [QUERIES[0]],
        "q1\tlong\t1\n",
    )
    whole = json.loads(run(folder, "--json", "--set", "chunk_max_characters=4000").stdout)
    parts = json.loads(run(folder, "--json", "--set", "CHUNK_MAX_CHARACTERS=500").stdout)
    assert whole["passages"] == 1
    assert parts["passages"] > 2


def test_a_corpus_is_taken_in_once_into_a_folder_that_is_kept(tmp_path: Path) -> None:
    folder, kept = write_set(tmp_path / "set"), tmp_path / "kept"
    first = run(folder, "--json", "--work-dir", kept)
    second = run(folder, "--json", "--work-dir", kept)
    assert "documents taken in" in first.stderr
    assert "documents taken in" not in second.stderr
    without_time = [{**json.loads(result.stdout), "latency_ms": None} for result in (first, second)]
    assert without_time[0] == without_time[1]


def test_a_changed_corpus_is_taken_in_anew(tmp_path: Path) -> None:
    folder, kept = write_set(tmp_path / "set"), tmp_path / "kept"
    run(folder, "--work-dir", kept)
    write_set(folder, [*CORPUS, {"id": "new", "text": "One more."}])
    assert json.loads(run(folder, "--json", "--work-dir", kept).stdout)["documents"] == 4


def test_an_evaluation_that_was_killed_begins_anew(tmp_path: Path) -> None:
    folder, kept = write_set(tmp_path / "set"), tmp_path / "kept"
    run(folder, "--work-dir", kept)
    (complete,) = kept.rglob("corpus.json")
    complete.unlink()
    again = run(folder, "--json", "--work-dir", kept)
    assert json.loads(again.stdout)["passages"] == 3
    assert json.loads(again.stdout)["ndcg@10"] == 1.0


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--set", "RAG_CANDIDATES"], "“RAG_CANDIDATES” is not of the form NAME=VALUE."),
        (["--set", "RAG_CANDIDATES=many"], "Wrong setting: RAG_CANDIDATES"),
        (["--set", "NO_SUCH=1"], "Wrong setting: NO_SUCH"),
        (["--set", "data_dir=/elsewhere"], "DATA_DIR cannot be set here."),
    ],
)
def test_a_wrong_setting_ends_with_one_sentence(
    tmp_path: Path, arguments: Sequence[str], complaint: str
) -> None:
    result = run(write_set(tmp_path / "set"), *arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Doc Chat: {complaint}")
    assert result.stderr.count("\n") == 1


def test_a_folder_without_a_set_ends_with_one_sentence(tmp_path: Path) -> None:
    result = run(tmp_path / "nowhere")
    assert result.exit_code == 1
    assert "corpus.jsonl cannot be read: No such file or directory." in result.stderr
    assert result.stdout == ""
