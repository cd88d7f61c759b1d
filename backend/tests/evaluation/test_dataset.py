from pathlib import Path

import pytest

from backend.errors import InvalidDataset
from backend.evaluation.dataset import read_dataset
from evaluation.sets import CORPUS, QRELS, QUERIES, write_set


def test_a_set_is_read_with_its_grades(tmp_path: Path) -> None:
    dataset = read_dataset(write_set(tmp_path / "lighthouses"))
    assert dataset.name == "lighthouses"
    assert [entry.id for entry in dataset.entries] == ["genoa", "keepers", "tomatoes"]
    assert [(q.id, q.relevant) for q in dataset.queries] == [
        ("q1", {"genoa": 2.0}),
        ("q2", {"tomatoes": 1.0}),
    ]


def test_the_ids_of_beir_and_numbers_serve_as_well(tmp_path: Path) -> None:
    folder = write_set(
        tmp_path, [{"_id": 7, "text": "Seven."}], [{"_id": "q", "text": "?"}], "q\t7\t1\n"
    )
    dataset = read_dataset(folder)
    assert dataset.entries[0].id == "7"
    assert dataset.queries[0].relevant == {"7": 1.0}


def test_a_query_may_say_what_was_asked_before_it_and_what_a_right_answer_holds(
    tmp_path: Path,
) -> None:
    folder = write_set(
        tmp_path,
        [{"id": "a", "text": "Twelve."}],
        [{"id": "q", "text": "And now?", "previous": ["How many?"], "answer": "twelve"}],
        "q\ta\t1\n",
    )
    [query] = read_dataset(folder).queries
    assert (query.previous, query.answer) == (("How many?",), "twelve")


def test_a_query_without_relevant_documents_is_not_asked(tmp_path: Path) -> None:
    folder = write_set(tmp_path, qrels="q1\tgenoa\t1\nq2\ttomatoes\t0\n")
    assert [query.id for query in read_dataset(folder).queries] == ["q1"]


@pytest.mark.parametrize(
    ("qrels", "complaint"),
    [
        ("q1\tgenoa\n", "qrels.tsv, line 1 does not have three columns"),
        ("query\tdoc\tscore\nq1\tgenoa\tgood\n", "qrels.tsv, line 2: the score “good”"),
        ("q1\trome\t1\n", "qrels.tsv, line 1: corpus.jsonl has no document “rome”"),
        ("\nq9\tgenoa\t1\n", "qrels.tsv, line 2: queries.jsonl has no query “q9”"),
        ("q1\tgenoa\t0\n", "names no relevant document"),
        ("", "names no relevant document"),
    ],
)
def test_wrong_judgments_are_named_with_their_line(
    tmp_path: Path, qrels: str, complaint: str
) -> None:
    with pytest.raises(InvalidDataset, match=complaint):
        read_dataset(write_set(tmp_path, qrels=qrels))


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "line 4 is not JSON"),
        ("[1]", "line 4 is not a JSON object"),
        ('{"text": "No id."}', "line 4 has no `id`"),
        ('{"id": "x"}', "line 4 has no `text`"),
        ('{"id": "x", "text": "a", "conversation": 3}', "line 4: `conversation` is not text"),
        ('{"id": "genoa", "text": "Again."}', "has the id “genoa” 2 times"),
    ],
)
def test_a_wrong_corpus_is_named_with_its_line(tmp_path: Path, line: str, complaint: str) -> None:
    folder = write_set(tmp_path)
    with (folder / "corpus.jsonl").open("a", encoding="utf-8") as file:
        file.write(line)
    with pytest.raises(InvalidDataset, match=complaint):
        read_dataset(folder)


def test_a_wrong_list_of_earlier_questions_is_named_with_its_line(tmp_path: Path) -> None:
    queries = [{**QUERIES[0], "previous": "What?"}, QUERIES[1]]
    with pytest.raises(InvalidDataset, match=r"queries.jsonl, line 1: `previous`"):
        read_dataset(write_set(tmp_path, queries=queries))


@pytest.mark.parametrize("name", ["corpus.jsonl", "queries.jsonl", "qrels.tsv"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    folder = write_set(tmp_path)
    (folder / name).unlink()
    with pytest.raises(InvalidDataset, match=f"{name} cannot be read: No such file"):
        read_dataset(folder)


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    folder = write_set(tmp_path, CORPUS, QUERIES, QRELS)
    (folder / "qrels.tsv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidDataset, match=r"qrels.tsv is not UTF-8"):
        read_dataset(folder)
