"""Carries committed passages into the search index: the reading end of the outbox.

Rows are the truth. Whoever commits passages adds an `IndexTask` row in the same
transaction; the indexer applies tasks in id order and deletes them afterwards, so a
crash at any point repeats work but loses none. Applying a task twice is harmless.

While a second index is being filled with another model's vectors, it takes every task, too.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from backend.errors import Unavailable
from backend.log_context import log_context
from backend.store.base import IndexPoint, SearchIndex

logger = logging.getLogger(__name__)

_TASKS_PER_PASS: Final = 256
_POINTS_PER_UPSERT: Final = 64  # the embedded index holds Python's lock for 3 ms over these
_FLUSH_AFTER_POINTS: Final = 2_048
# How much of an index must be new to compact it, which takes 0.1 ms a point of the whole. Tasks
# that are waiting wait for it, too.
_NEW_AFTER_WORK: Final = 1 / 8
_NEW_AMID_WORK: Final = 1 / 2
_WORK_IS_OVER_AFTER_S: Final = 2.0
_LONGEST_PAUSE_S: Final = 30.0
_STOP_TIMEOUT_S: Final = 1.0
_GATHER_S: Final = 0.1  # a pass of a hundred tasks takes little longer than one of a single task
_PAUSE_BETWEEN_FILLS_S: Final = 0.001


@dataclass(frozen=True, slots=True)
class IndexTask:
    """A committed change that the index has yet to take.

    `first_ordinal` and `last_ordinal` (inclusive) are None for `delete_document`.
    `upsert_next` concerns a second index only, and nobody if there is none.
    """

    id: int
    operation: str  # upsert_chunks, upsert_next, delete_document
    document_id: str
    user_id: str
    first_ordinal: int | None = None
    last_ordinal: int | None = None


class PointSource(Protocol):
    """Gives what one index takes of the rows."""

    def load_points(
        self, document_id: str, first_ordinal: int, last_ordinal: int
    ) -> Sequence[IndexPoint]:
        """Return the passages of a document whose ordinals lie in the inclusive range.

        As the rows are now, not as they were when the task was written. Empty for a
        document that is deleted, marked deleted or unknown. `vector` is None unless the
        passage was embedded by the index's model. A range spans at most 64 ordinals.
        """


class IndexSource(PointSource, Protocol):
    """The rows behind the index; every method is one short transaction of its own.

    Called from one indexer thread at a time. Each method may raise (a locked or
    unreachable database): the indexer logs it, pauses and starts again at `next_tasks`.
    """

    def next_tasks(self, limit: int) -> Sequence[IndexTask]:
        """Return up to `limit` tasks, lowest id first; they stay stored until `finish`.

        Where several server processes share one index, only one of them may be given
        tasks at a time (two could overwrite each other's newer points): the others get
        an empty list.
        """

    def mark_searchable(self, document_ids: Collection[str]) -> None:
        """Set `searchable` on these documents where it is not yet set (and only then touch
        `updated_at`). Deleted and unknown ids are passed over."""

    def remove_document(self, document_id: str) -> None:
        """Remove a deleted document for good: its rows and, if no other row needs it, its file.

        Called after its points are gone. Does nothing for an unknown document, since a
        crash may repeat the call, and nothing for one that is not marked deleted.
        """

    def finish(self, tasks: Sequence[IndexTask]) -> None:
        """Delete these tasks' rows; ids already gone are passed over."""

    def enqueue_all(self) -> int:
        """Add one `upsert_chunks` task for the whole range of every live document that has
        passages, clear `searchable` on these documents, and return how many there are.

        All in one transaction. Called when the index is new: after a first start, a
        damaged index folder or a change of the embedding's dimension.
        """


@dataclass(frozen=True, slots=True)
class _Postponed:
    """A document whose last tasks failed. `until` is on the monotonic clock."""

    failures: int
    until: float


@dataclass(frozen=True, slots=True)
class _Target:
    """An index that takes tasks, and which of those that put passages in."""

    index: SearchIndex
    source: PointSource
    operations: frozenset[str]


class Indexer:
    """Applies tasks until stopped, in a thread of its own or, by `drain`, in the caller's."""

    def __init__(
        self,
        index: SearchIndex,
        source: IndexSource,
        poll_ms: int,
        is_answering: Callable[[], bool] = lambda: False,
    ) -> None:
        """`is_answering`: whether answers are being written. Until they end nothing is compacted,
        which would make all of them stutter."""
        self._index = index
        self._source = source
        self._main = _Target(index, source, frozenset({"upsert_chunks"}))
        self._second: _Target | None = None
        self._poll_s = poll_ms / 1_000
        self._working = threading.Lock()
        self._stopped = threading.Event()
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name="indexer", daemon=True)
        self._postponed: dict[str, _Postponed] = {}
        self._unflushed_points = 0
        self._is_tidy = False
        self._last_work_s = 0.0
        self._is_answering = is_answering

    def start(self) -> None:
        """Start the thread; an indexer starts once."""
        self._thread.start()

    def wake(self) -> None:
        """Look for tasks now instead of at the next poll."""
        self._woken.set()

    def stop(self) -> None:
        """Stop after the batch in hand, waiting at most a second for it.

        What is left undone stays in the outbox.
        """
        self.finish()
        if self._thread.is_alive():
            self._thread.join(_STOP_TIMEOUT_S)

    def finish(self) -> None:
        """Begin no further pass; within `paused`, the one before was the last."""
        self._stopped.set()
        self._woken.set()

    def add_second(self, index: SearchIndex, source: PointSource) -> None:
        """Apply every task that comes from now on to `index`, too. It is not to be searched yet.

        `fill` brings in what was applied before.
        """
        with self._working:
            operations = self._main.operations | {"upsert_next"}
            self._second = _Target(index, source, operations)

    def remove_second(self) -> None:
        """Leave the second index alone from now on."""
        with self._working:
            self._second = None

    def fill(self, document_id: str, last_ordinal: int) -> None:
        """Put a document's passages up to `last_ordinal` into the second index.

        In short steps between which tasks are applied: a deletion comes either before a step,
        which finds no rows then, or after it and removes the points.
        """
        for first in range(0, last_ordinal + 1, _POINTS_PER_UPSERT):
            with self._working:
                second = self._second
                if self._stopped.is_set() or second is None:
                    return
                last = min(first + _POINTS_PER_UPSERT - 1, last_ordinal)
                points = second.source.load_points(document_id, first, last)
                second.index.upsert(points)
                self._flush_when_due(len(points))
            # Python's locks are not fair: the indexer's thread gets its turn here.
            self._stopped.wait(_PAUSE_BETWEEN_FILLS_S)

    def drain(self) -> int:
        """Apply every task there is and return how many were applied.

        Tasks of a document that fails are logged and stay in the outbox, as in the thread.
        """
        applied = 0
        while count := self._pass():
            applied += count
        return applied

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Keep the index as it is for the length of the block."""
        with self._working:
            yield

    def rebuild(self) -> int:
        """Empty the index and enqueue all passages; return how many documents that are."""
        with self._working:
            self._index.reset()
            self._postponed.clear()
            return self._enqueue_all()

    def _enqueue_all(self) -> int:
        documents = self._source.enqueue_all()
        self._index.rebuild_enqueued()
        logger.info("search index rebuild enqueued", extra={"documents": documents})
        return documents

    def _run(self) -> None:
        failures = 0
        while not self._stopped.is_set():
            try:
                applied = self._pass()
                if not applied:
                    self._tidy()
                failures = 0
                pause_s = 0.0 if applied else self._poll_s
                if 0 < applied < _TASKS_PER_PASS:
                    self._stopped.wait(_GATHER_S)
            except Exception:
                failures += 1
                pause_s = self._pause_s(failures)
                logger.exception("indexing paused", extra={"retry_in_s": pause_s})
            self._woken.wait(pause_s)
            self._woken.clear()

    def _pass(self) -> int:
        """Apply one page of tasks, document by document, and return how many were applied.

        A document that fails does not keep the others waiting: it is left out for a while.
        """
        with self._working:
            if self._stopped.is_set():
                return 0
            if self._index.needs_rebuild:
                self._enqueue_all()
            applied: list[IndexTask] = []
            indexed: list[str] = []
            unavailable: Unavailable | None = None
            for document_id, tasks in self._due_tasks().items():
                with log_context(document_id=document_id):
                    try:
                        if self._apply(document_id, tasks):
                            indexed.append(document_id)
                    except _Stopped:
                        break
                    except Unavailable as error:
                        unavailable = error
                        break
                    except Exception:
                        pause_s = self._postpone(document_id)
                        logger.exception("indexing failed", extra={"retry_in_s": pause_s})
                        continue
                self._postponed.pop(document_id, None)
                applied += tasks
            if indexed:
                self._source.mark_searchable(indexed)
            if applied:
                self._source.finish(applied)
                self._is_tidy = False
                self._last_work_s = time.monotonic()
            if unavailable is not None:
                raise unavailable
            return len(applied)

    def _tidy(self) -> None:
        """Compact the indexes after a time of work, or after the start."""
        if self._is_tidy or time.monotonic() - self._last_work_s < _WORK_IS_OVER_AFTER_S:
            return
        with self._working:
            if self._stopped.is_set() or self._is_answering():
                return
            self._is_tidy = True
            for target in self._targets():
                target.index.compact(_NEW_AFTER_WORK)

    def _due_tasks(self) -> dict[str, list[IndexTask]]:
        """Return the next tasks by document, without the documents that failed just now."""
        due: dict[str, list[IndexTask]] = {}
        for task in self._source.next_tasks(_TASKS_PER_PASS):
            postponed = self._postponed.get(task.document_id)
            if postponed is None or postponed.until <= time.monotonic():
                due.setdefault(task.document_id, []).append(task)
        return due

    def _postpone(self, document_id: str) -> float:
        """Leave a document out for a while, longer with each failure; return the seconds."""
        earlier = self._postponed.get(document_id)
        failures = 1 if earlier is None else earlier.failures + 1
        pause_s = self._pause_s(failures)
        self._postponed[document_id] = _Postponed(failures, time.monotonic() + pause_s)
        return pause_s

    def _pause_s(self, failures: int) -> float:
        return min(self._poll_s * 2.0 ** min(failures, 16), _LONGEST_PAUSE_S)

    def _apply(self, document_id: str, tasks: Sequence[IndexTask]) -> bool:
        """Bring the index up to a document's rows; return whether it now has points.

        What stands before the last deletion is void. What stands behind it are the passages
        of a document that is read anew; one that is gone has none.
        """
        deletions = [n for n, task in enumerate(tasks) if task.operation == "delete_document"]
        if deletions:
            for target in self._targets():
                target.index.delete_document(document_id)
            self._source.remove_document(document_id)
            tasks = tasks[deletions[-1] + 1 :]
        has_points = False
        for target in self._targets():
            for first, last in _slices(
                task for task in tasks if task.operation in target.operations
            ):
                if self._stopped.is_set():
                    raise _Stopped
                points = target.source.load_points(document_id, first, last)
                target.index.upsert(points)
                has_points = has_points or (target is self._main and bool(points))
                self._flush_when_due(len(points))
        return has_points

    def _targets(self) -> list[_Target]:
        return [self._main] if self._second is None else [self._main, self._second]

    def _flush_when_due(self, points: int) -> None:
        self._unflushed_points += points
        if self._unflushed_points >= _FLUSH_AFTER_POINTS:
            for target in self._targets():
                target.index.flush()
                if not self._is_answering():
                    target.index.compact(_NEW_AMID_WORK)
            self._unflushed_points = 0


class _Stopped(Exception):
    """Leaves a long document in the middle when the process ends."""


def _slices(tasks: Iterable[IndexTask]) -> Iterator[tuple[int, int]]:
    """Yield the tasks' ordinals, each once, as inclusive ranges of at most 64."""
    ranges = sorted(
        (task.first_ordinal, task.last_ordinal)
        for task in tasks
        if task.first_ordinal is not None and task.last_ordinal is not None
    )
    merged: list[tuple[int, int]] = []
    for first, last in ranges:
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    for first, last in merged:
        for start in range(first, last + 1, _POINTS_PER_UPSERT):
            yield start, min(start + _POINTS_PER_UPSERT - 1, last)
