import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence

import pytest

from backend.config import Config
from backend.db.repositories import index_tasks
from backend.db.session import Database
from backend.errors import Unavailable
from backend.store.base import IndexPoint, SearchFilter
from backend.store.edge import EdgeIndex
from backend.store.indexer import Indexer, IndexTask
from store.library import Library

PASSAGES = [[f"Passage number{n} of the report."] for n in range(150)]


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        threading.Event().wait(0.005)


class StubSource:
    """Passages of one word each, in memory; fails where it is told to."""

    def __init__(self) -> None:
        self.tasks: list[IndexTask] = []
        self.failing_documents: set[str] = set()
        self.failure: Exception | None = None
        self.times_asked = 0
        self.ranges: list[tuple[str, int, int]] = []
        self.searchable: set[str] = set()
        self.removed: list[str] = []

    def add(self, document_id: str, first: int = 0, last: int = 0) -> None:
        number = len(self.tasks) + 1
        self.tasks.append(IndexTask(number, "upsert_chunks", document_id, "ann", first, last))

    def next_tasks(self, limit: int) -> Sequence[IndexTask]:
        self.times_asked += 1
        if self.failure is not None:
            raise self.failure
        return list(self.tasks[:limit])

    def load_points(self, document_id: str, first: int, last: int) -> Sequence[IndexPoint]:
        self.ranges.append((document_id, first, last))
        if document_id in self.failing_documents:
            raise OSError("the disk is on fire")
        return [
            IndexPoint(
                f"{hash(document_id) % 2**32:08x}-0000-0000-0000-{n:012d}",
                "ann",
                document_id,
                "harbour",
            )
            for n in range(first, last + 1)
        ]

    def mark_searchable(self, document_ids: Collection[str]) -> None:
        self.searchable.update(document_ids)

    def remove_document(self, document_id: str) -> None:
        self.removed.append(document_id)

    def finish(self, tasks: Sequence[IndexTask]) -> None:
        self.tasks = [task for task in self.tasks if task not in tasks]

    def enqueue_all(self) -> int:
        return 0


@pytest.fixture
def source() -> StubSource:
    return StubSource()


@pytest.fixture
def indexer(source: StubSource, config: Config) -> Iterator[Indexer]:
    index = EdgeIndex(config.index_dir, 4)
    indexer = Indexer(index, source, poll_ms=10)
    yield indexer
    indexer.stop()
    index.close()


def test_committed_passages_become_searchable(library: Library) -> None:
    ann = library.add_user("ann")
    document_id = library.add_document(ann, "report.txt", PASSAGES)
    assert not library.document_is_searchable(ann, document_id)
    assert library.indexer.drain() == 1
    assert library.document_is_searchable(ann, document_id)
    assert library.tasks_waiting() == 0
    assert library.index.count(SearchFilter(ann)) == len(PASSAGES)
    assert len(library.index.search_keywords("number149", SearchFilter(ann), 5)) == 1


def test_vectors_follow_the_words(library: Library) -> None:
    ann = library.add_user("ann")
    document_id = library.add_document(ann, "report.txt", PASSAGES[:5])
    library.indexer.drain()
    query = library.embedder.embed(["report"])[0]
    assert library.index.search_dense(query, SearchFilter(ann), 5) == []
    library.embed_document(ann, document_id)
    library.indexer.drain()
    assert len(library.index.search_dense(query, SearchFilter(ann), 9)) == 5


def test_a_deleted_document_leaves_the_index_and_the_database(library: Library) -> None:
    ann = library.add_user("ann")
    kept = library.add_document(ann, "kept.txt", PASSAGES[:3])
    gone = library.add_document(ann, "gone.txt", PASSAGES[:7])
    library.indexer.drain()
    library.delete_document(ann, gone)
    library.indexer.drain()
    assert library.index.count() == 3
    assert library.index.count(SearchFilter(ann, (kept,))) == 3
    assert list(library.rows.load_points(gone, 0, 9)) == []
    assert library.tasks_waiting() == 0


def test_a_document_deleted_before_it_was_indexed_never_enters_the_index(
    library: Library,
) -> None:
    ann = library.add_user("ann")
    document_id = library.add_document(ann, "gone.txt", PASSAGES[:7])
    library.delete_document(ann, document_id)
    library.indexer.drain()
    assert library.index.count() == 0
    assert library.tasks_waiting() == 0


def test_a_document_that_is_read_anew_keeps_only_its_new_passages(
    library: Library, database: Database
) -> None:
    ann = library.add_user("ann")
    document_id = library.add_document(ann, "report.txt", PASSAGES[:7])
    library.indexer.drain()
    with database.db_transaction() as session:
        index_tasks.add_delete(session, ann, document_id)
        session.flush()
        index_tasks.add_upsert(session, ann, document_id, 0, 2)
    library.indexer.drain()
    assert library.index.count(SearchFilter(ann)) == 3
    assert library.tasks_waiting() == 0


def test_rebuilding_empties_the_index_and_fills_it_again(library: Library) -> None:
    ann = library.add_user("ann")
    document_id = library.add_document(ann, "report.txt", PASSAGES[:7])
    library.indexer.drain()
    assert library.indexer.rebuild() == 1
    assert library.index.count() == 0
    assert not library.index.needs_rebuild
    library.indexer.drain()
    assert library.index.count() == 7
    assert library.document_is_searchable(ann, document_id)


def test_a_lost_index_is_rebuilt_from_the_rows(library: Library, config: Config) -> None:
    ann = library.add_user("ann")
    document_id = library.add_document(ann, "report.txt", PASSAGES)
    library.embed_document(ann, document_id)
    library.indexer.drain()
    fresh = EdgeIndex(config.data_dir / "another-index", library.embedder.dimension)
    assert fresh.needs_rebuild
    Indexer(fresh, library.rows, config.index_poll_ms).drain()
    assert not fresh.needs_rebuild
    assert fresh.count() == len(PASSAGES)
    query = library.embedder.embed(["report"])[0]
    assert len(fresh.search_dense(query, SearchFilter(ann), 200)) == len(PASSAGES)
    assert library.document_is_searchable(ann, document_id)
    fresh.close()


def test_the_thread_carries_what_is_committed_while_it_runs(library: Library) -> None:
    ann = library.add_user("ann")
    library.indexer.start()
    document_id = library.add_document(ann, "report.txt", PASSAGES[:3])
    library.indexer.wake()
    wait_until(lambda: library.document_is_searchable(ann, document_id))
    assert library.index.count() == 3


def test_a_long_range_is_read_in_slices_and_overlaps_once(
    indexer: Indexer, source: StubSource
) -> None:
    source.add("a", 0, 99)
    source.add("a", 90, 130)
    source.add("a", 20, 30)
    indexer.drain()
    assert source.ranges == [("a", 0, 63), ("a", 64, 127), ("a", 128, 130)]
    assert source.tasks == []
    assert source.searchable == {"a"}


def test_a_document_that_fails_does_not_hold_up_the_others(
    indexer: Indexer, source: StubSource
) -> None:
    source.failing_documents = {"bad"}
    for document_id in ("good", "bad", "fine"):
        source.add(document_id)
    indexer.drain()
    assert source.searchable == {"good", "fine"}
    assert [task.document_id for task in source.tasks] == ["bad"]


def test_a_document_that_failed_is_tried_again(indexer: Indexer, source: StubSource) -> None:
    source.failing_documents = {"bad"}
    source.add("bad")
    indexer.start()
    wait_until(lambda: len(source.ranges) >= 3)
    source.failing_documents = set()
    wait_until(lambda: source.tasks == [])
    assert source.searchable == {"bad"}


def test_failures_come_ever_more_slowly(indexer: Indexer, source: StubSource) -> None:
    source.failing_documents = {"bad"}
    source.add("bad")
    indexer.start()
    began = time.monotonic()
    wait_until(lambda: len(source.ranges) >= 5)
    assert time.monotonic() - began >= 0.02 + 0.04 + 0.08 + 0.16


@pytest.mark.parametrize("failure", [OSError("no database"), Unavailable()])
def test_the_thread_outlives_a_database_that_is_away(
    indexer: Indexer, source: StubSource, failure: Exception
) -> None:
    source.failure = failure
    source.add("a")
    indexer.start()
    wait_until(lambda: source.times_asked >= 3)
    source.failure = None
    wait_until(lambda: source.searchable == {"a"})


def test_the_index_is_compacted_when_the_work_is_done(
    indexer: Indexer, source: StubSource, config: Config
) -> None:
    source.add("long", 0, 2_999)
    indexer.start()
    wait_until((config.index_dir / "compacted.json").exists)
    source.add("later")
    wait_until(lambda: source.searchable == {"long", "later"})


def test_nothing_is_compacted_while_answers_are_written(source: StubSource, config: Config) -> None:
    asked: list[bool] = []
    is_answering = True

    def answers() -> bool:
        asked.append(is_answering)
        return is_answering

    index = EdgeIndex(config.index_dir, 4)
    indexer = Indexer(index, source, poll_ms=10, is_answering=answers)
    source.add("long", 0, 2_999)
    indexer.start()
    try:
        wait_until(lambda: len(asked) > 20)  # amid the work, and many times after it
        assert not (config.index_dir / "compacted.json").exists()
        is_answering = False
        wait_until((config.index_dir / "compacted.json").exists)
    finally:
        indexer.stop()
        index.close()


def test_stopping_takes_a_second_at_most_and_leaves_the_rest_in_the_outbox(
    indexer: Indexer, source: StubSource
) -> None:
    source.add("huge", 0, 10_000_000)
    indexer.start()
    wait_until(lambda: len(source.ranges) >= 3)
    began = time.monotonic()
    indexer.stop()
    assert time.monotonic() - began < 1.5
    assert [task.document_id for task in source.tasks] == ["huge"]


def test_stopping_an_indexer_that_never_started_is_fine(indexer: Indexer) -> None:
    indexer.stop()


@pytest.fixture
def second(config: Config) -> Iterator[EdgeIndex]:
    index = EdgeIndex(config.data_dir / "second", 4)
    yield index
    index.close()


def test_a_second_index_takes_every_task_and_its_own(
    indexer: Indexer, source: StubSource, second: EdgeIndex
) -> None:
    source.add("before")
    indexer.drain()
    indexer.add_second(second, source)
    source.add("both")
    source.tasks.append(IndexTask(9, "upsert_next", "next", "ann", 0, 1))
    indexer.drain()
    assert second.count_by_document() == {"both": 1, "next": 2}
    assert source.searchable == {"before", "both"}  # what only the second has is not searched
    indexer.fill("before", 0)
    assert second.count_by_document() == {"before": 1, "both": 1, "next": 2}
    source.tasks = [IndexTask(10, "delete_document", "both", "ann")]
    indexer.drain()
    assert second.count_by_document() == {"before": 1, "next": 2}
    indexer.remove_second()
    source.add("later")
    indexer.drain()
    assert second.count_by_document() == {"before": 1, "next": 2}


def test_a_deletion_amid_a_fill_leaves_nothing_in_the_second_index(
    library: Library, second: EdgeIndex
) -> None:
    ann = library.add_user("ann")
    document_id = library.add_document(ann, "report.txt", PASSAGES)
    library.indexer.drain()

    class Deleting:
        """Deletes the document after the first step of the fill, as its user may."""

        is_done = False

        def load_points(self, document_id: str, first: int, last: int) -> Sequence[IndexPoint]:
            points = library.rows.load_points(document_id, first, last)
            if not self.is_done:
                self.is_done = True
                library.delete_document(ann, document_id)
            return points

    library.indexer.add_second(second, Deleting())
    library.indexer.fill(document_id, len(PASSAGES) - 1)
    assert second.count() == 64
    library.indexer.drain()
    assert second.count() == 0


def test_a_finished_indexer_begins_no_further_pass(indexer: Indexer, source: StubSource) -> None:
    source.add("a")
    with indexer.paused():
        indexer.finish()
    assert indexer.drain() == 0
    assert [task.document_id for task in source.tasks] == ["a"]


@pytest.mark.parametrize(("tasks", "pauses"), [(3, True), (256, False)])
def test_a_pass_of_a_few_tasks_lets_more_come_before_the_next(
    indexer: Indexer, source: StubSource, tasks: int, pauses: bool
) -> None:
    asked_at_s: list[float] = []
    next_tasks = source.next_tasks

    def noted(limit: int) -> Sequence[IndexTask]:
        asked_at_s.append(time.monotonic())
        return next_tasks(limit)

    source.next_tasks = noted  # type: ignore[method-assign]
    for number in range(tasks):
        source.add(f"document {number}")
    applied_at_s: list[float] = []
    finish = source.finish

    def finished(done: Sequence[IndexTask]) -> None:
        finish(done)
        applied_at_s.append(time.monotonic())

    source.finish = finished  # type: ignore[method-assign]
    indexer.start()
    wait_until(lambda: len(asked_at_s) > 1)
    assert (asked_at_s[1] - applied_at_s[0] >= 0.1) == pauses
