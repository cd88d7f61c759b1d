"""Small question sets in temporary folders."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

CORPUS = [
    {"id": "genoa", "title": "Genoa", "text": "The lighthouse of Genoa is 77 metres high."},
    {"id": "keepers", "title": "", "text": "The keepers left the tower in 1957."},
    {"id": "tomatoes", "title": "Garden", "text": "Tomatoes need six hours of sun a day."},
]
QUERIES = [
    {"id": "q1", "text": "How high is the lighthouse of Genoa?"},
    {"id": "q2", "text": "How much sun do tomatoes need?"},
]
QRELS = "query-id\tcorpus-id\tscore\nq1\tgenoa\t2\nq1\tkeepers\t0\nq2\ttomatoes\t1\n"


def write_set(
    folder: Path,
    corpus: Sequence[Mapping[str, object]] = CORPUS,
    queries: Sequence[Mapping[str, object]] = QUERIES,
    qrels: str = QRELS,
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (("corpus", corpus), ("queries", queries)):
        lines = [json.dumps(row) for row in rows]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "qrels.tsv").write_text(qrels, encoding="utf-8")
    return folder
