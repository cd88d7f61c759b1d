"""Question sets as files: `corpus.jsonl`, `queries.jsonl`, `qrels.tsv` in one folder.

The layout of BEIR (Thakur et al., "BEIR: A Heterogenous Benchmark for Zero-shot Evaluation of
Information Retrieval Models", NeurIPS 2021), with `id` or `_id`.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from backend.errors import InvalidDataset

CORPUS: Final = "corpus.jsonl"
QUERIES: Final = "queries.jsonl"
QRELS: Final = "qrels.tsv"
_DATE_FIELDS: Final = ("date", "timestamp", "datetime", "time", "said_at", "created_at")


@dataclass(frozen=True, slots=True)
class Entry:
    """A document of the corpus. `conversation` is the one that alone it belongs to, if any.

    Of a turn of a dialogue, `date` is the time it was said, as the set writes it, `speaker` who
    said it and `role` which side ("user", "assistant"); "" if the set does not tell.
    """

    id: str
    title: str
    text: str
    conversation: str | None
    date: str = ""
    speaker: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """A question with its judgments.

    `relevant` holds the grade (above 0) of each document that answers it. With a
    `conversation` only that one's documents are searched. `previous` are the questions asked
    before it in the same chat, oldest first; `answer` what a right answer holds, "" if nobody
    said.
    """

    id: str
    text: str
    conversation: str | None
    previous: tuple[str, ...]
    answer: str
    relevant: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Dataset:
    """A question set; `queries` are those with at least one relevant document."""

    name: str
    entries: Sequence[Entry]
    queries: Sequence[Query]


def read_dataset(folder: Path) -> Dataset:
    """Read and check the set in `folder`.

    Raises:
        InvalidDataset: a file is missing or wrong; the message names the file and the line.
    """
    entries = [_entry(place, row) for place, row in _rows(folder / CORPUS)]
    known = _ids(folder / CORPUS, [entry.id for entry in entries])
    texts = [_query(place, row) for place, row in _rows(folder / QUERIES)]
    asked = _ids(folder / QUERIES, [query.id for query in texts])
    judgments = _judgments(folder / QRELS, asked, known)
    queries = [
        replace(query, relevant=judgments[query.id]) for query in texts if query.id in judgments
    ]
    if not queries:
        raise InvalidDataset(f"{folder / QRELS} names no relevant document for any query.")
    return Dataset(folder.resolve().name, entries, queries)


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for place, line in _lines(path):
        try:
            row = json.loads(line)
        except ValueError:
            raise InvalidDataset(f"{place} is not JSON.") from None
        if not isinstance(row, dict):
            raise InvalidDataset(f"{place} is not a JSON object.")
        yield place, row


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the lines that are not blank, each with the words that tell where it stands."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield f"{path}, line {number}", line.rstrip("\r\n")
    except OSError as error:
        raise InvalidDataset(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InvalidDataset(f"{path} is not UTF-8 text.") from error


def _entry(place: str, row: Mapping[str, Any]) -> Entry:
    title, text = _text(place, row, "title", ""), _text(place, row, "text")
    return Entry(
        _id(place, row),
        title,
        text,
        _conversation(place, row),
        date=_first(row, _DATE_FIELDS),
        speaker=_first(row, ("speaker",)),
        role=_first(row, ("role",)),
    )


def _first(row: Mapping[str, Any], names: Sequence[str]) -> str:
    """Return the first of these fields that holds text; "" if none does."""
    values = (row.get(name) for name in names)
    return next((value for value in values if isinstance(value, str)), "")


def _query(place: str, row: Mapping[str, Any]) -> Query:
    previous = row.get("previous") or ()
    if not isinstance(previous, list | tuple) or not all(isinstance(t, str) for t in previous):
        raise InvalidDataset(f"{place}: `previous` is not a list of questions.")
    return Query(
        id=_id(place, row),
        text=_text(place, row, "text"),
        conversation=_conversation(place, row),
        previous=tuple(previous),
        answer=_text(place, row, "answer", ""),
        relevant={},
    )


def _id(place: str, row: Mapping[str, Any]) -> str:
    value = row.get("id", row.get("_id"))
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value:
        raise InvalidDataset(f"{place} has no `id`.")
    return value


def _text(place: str, row: Mapping[str, Any], field: str, default: str | None = None) -> str:
    value = row.get(field)
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        raise InvalidDataset(f"{place} has no `{field}` of text.")
    return value.replace("\x00", "").encode("utf-8", "replace").decode()  # lone surrogates


def _conversation(place: str, row: Mapping[str, Any]) -> str | None:
    value = row.get("conversation")
    if value is not None and not isinstance(value, str):
        raise InvalidDataset(f"{place}: `conversation` is not text.")
    return value or None


def _ids(path: Path, ids: Sequence[str]) -> frozenset[str]:
    if not ids:
        raise InvalidDataset(f"{path} is empty.")
    [(commonest, count)] = Counter(ids).most_common(1)
    if count > 1:
        raise InvalidDataset(f"{path} has the id “{commonest}” {count} times.")
    return frozenset(ids)


def _judgments(
    path: Path, asked: frozenset[str], known: frozenset[str]
) -> dict[str, dict[str, float]]:
    """Return the grades above 0 by query and document."""
    judgments: dict[str, dict[str, float]] = {}
    for count, (place, line) in enumerate(_lines(path)):
        cells = line.split("\t")
        if len(cells) != 3:
            raise InvalidDataset(f"{place} does not have three columns set apart by tabs.")
        query_id, entry_id, grade_text = (cell.strip() for cell in cells)
        try:
            grade = float(grade_text)
        except ValueError:
            if count == 0:
                continue  # the header
            raise InvalidDataset(f"{place}: the score “{grade_text}” is no number.") from None
        if query_id not in asked:
            raise InvalidDataset(f"{place}: {QUERIES} has no query “{query_id}”.")
        if entry_id not in known:
            raise InvalidDataset(f"{place}: {CORPUS} has no document “{entry_id}”.")
        if grade > 0:
            judgments.setdefault(query_id, {})[entry_id] = grade
    return judgments
