"""A compacted index finds what it found before, and whatever fails or ends costs nothing."""

import json
import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.errors import Unavailable
from backend.store.base import Hit, SearchFilter, SearchIndex
from backend.store.edge import EdgeIndex
from contracts.search_index_contract import (
    ANN,
    BOB,
    DIMENSION,
    direction,
    numbers,
    point,
)

MANY = 2_100  # more than it takes


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def index(directory: Path) -> Iterator[EdgeIndex]:
    index = EdgeIndex(directory, DIMENSION)
    index.rebuild_enqueued()
    yield index
    index.close()


def fill(index: SearchIndex) -> None:
    for first in range(0, MANY, 300):
        index.upsert(
            [
                point(
                    n,
                    f"harbour number{n} " + "lamp " * (n % 5),
                    user_id="bob" if n % 10 == 0 else "ann",
                    document_id=f"doc{n // 50}",
                    vector=direction(1, n / MANY, (n * 7 % 11) / 11) if n % 3 else None,
                )
                for n in range(first, min(first + 300, MANY))
            ]
        )


def found(index: SearchIndex) -> list[dict[str, float]]:
    """What different searches find, and with which scores; equal ones have no order."""
    narrow = SearchFilter("ann", document_ids=("doc1", "doc7"), except_document_ids=("doc7",))
    hits: list[list[Hit]] = []
    for where in (ANN, BOB, narrow):
        hits += [index.search_keywords(words, where, MANY) for words in ("number77", "lamps")]
        hits.append(index.search_dense(direction(1, 0.5), where, MANY))
    return [{hit.id: round(hit.score, 5) for hit in some} for some in hits]


def is_compacted(directory: Path) -> bool:
    return (directory / "compacted.json").exists()


def test_nothing_that_is_found_changes_then_nor_after_a_restart(
    index: EdgeIndex, directory: Path
) -> None:
    fill(index)
    index.delete_document("doc3")
    before, counts = found(index), index.count_by_document(with_vector=True)
    index.compact(0.5)
    assert is_compacted(directory)
    assert found(index) == before
    assert index.count_by_document(with_vector=True) == counts
    assert sorted(path.name for path in directory.parent.iterdir()) == ["index"]
    index.close()
    again = EdgeIndex(directory, DIMENSION)
    assert not again.needs_rebuild
    assert found(again) == before
    again.upsert([point(1, "a lighthouse", vector=direction(0, 1))])
    assert numbers(again.search_keywords("lighthouse", ANN, 5)) == [1]
    assert again.search_keywords("number1", ANN, 5) == []
    again.close()


def test_it_waits_until_there_is_enough_that_is_new(index: EdgeIndex, directory: Path) -> None:
    index.upsert([point(n) for n in range(100)])
    index.compact(0.0)
    assert not is_compacted(directory)
    fill(index)
    index.compact(0.5)
    record = directory / "compacted.json"
    first = record.stat().st_mtime_ns
    assert json.loads(record.read_text()) == {"points": MANY}
    index.upsert([point(n) for n in range(MANY, MANY + 100)])
    index.compact(0.0)
    assert record.stat().st_mtime_ns == first


def test_what_was_written_before_a_restart_counts(index: EdgeIndex, directory: Path) -> None:
    fill(index)
    index.close()
    again = EdgeIndex(directory, DIMENSION)
    again.compact(0.5)
    assert is_compacted(directory)
    again.close()


def test_searches_beside_it_find_everything(index: EdgeIndex) -> None:
    fill(index)
    before = found(index)
    done = threading.Event()
    wrong: list[object] = []

    def search() -> None:
        while not done.is_set():
            if (now := found(index)) != before:
                wrong.append(now)

    searchers = [threading.Thread(target=search) for _ in range(3)]
    for searcher in searchers:
        searcher.start()
    index.compact(0.5)
    done.set()
    for searcher in searchers:
        searcher.join()
    assert wrong == []


def test_closing_does_not_wait_for_it(index: EdgeIndex, directory: Path) -> None:
    fill(index)
    compaction = threading.Thread(target=index.compact, args=(0.5,))
    compaction.start()
    copy = directory.with_name("index.compact")
    deadline = time.monotonic() + 10
    while not copy.exists() and time.monotonic() < deadline:
        time.sleep(0.001)
    began = time.monotonic()
    index.close()
    assert time.monotonic() - began < 1
    compaction.join(timeout=5)
    assert not copy.exists()
    again = EdgeIndex(directory, DIMENSION)
    assert not again.needs_rebuild
    assert again.count() == MANY
    again.close()


def test_one_that_fails_is_told_and_changes_nothing(
    index: EdgeIndex, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fill(index)
    before = found(index)
    directory.with_name("index.compact").write_text("in the way")
    with caplog.at_level(logging.WARNING):
        index.compact(0.5)
    assert "not compacted" in caplog.text
    assert found(index) == before
    index.upsert([point(1, "a lighthouse")])
    assert numbers(index.search_keywords("lighthouse", ANN, 5)) == [1]


def test_what_an_interrupted_one_left_is_removed_or_put_back(
    index: EdgeIndex, directory: Path
) -> None:
    fill(index)
    index.close()
    directory.rename(directory.with_name("index.former"))
    directory.with_name("index.compact").mkdir()
    again = EdgeIndex(directory, DIMENSION)
    assert not again.needs_rebuild
    assert again.count() == MANY
    assert sorted(path.name for path in directory.parent.iterdir()) == ["index"]
    again.close()


def test_a_closed_index_is_unavailable_afterwards(index: EdgeIndex) -> None:
    fill(index)
    index.compact(0.5)
    index.close()
    with pytest.raises(Unavailable):
        index.search_dense(direction(1), ANN, 10)
