"""Freed memory goes back to the system when the work is over."""

import gc
import mmap
import os
import sys
import weakref
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain, repeat
from pathlib import Path

import pytest

from backend import process_memory
from backend.process_memory import IdleMemory, page_out, settle


@pytest.fixture
def returned(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Count how often memory was given back; it is each time."""
    calls: list[None] = []
    give_back = process_memory.return_free_memory

    def counted() -> None:
        calls.append(None)
        give_back()

    monkeypatch.setattr(process_memory, "return_free_memory", counted)
    return calls


@pytest.fixture
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def idle_memory(
    *, answering: Iterable[int] = (), embedding: Iterable[int] = (), unused: Iterable[int] = ()
) -> IdleMemory:
    """Make one that is told these figures at each call, and then 0."""
    figures = [chain(each, repeat(0)) for each in (answering, embedding, unused)]
    return IdleMemory(*(partial(next, each) for each in figures))  # type: ignore[arg-type]


def given_back(idle: IdleMemory, returned: list[None], calls: int) -> list[int]:
    """Return how often memory was given back in each of so many calls."""
    counts = []
    for _ in range(calls):
        before = len(returned)
        idle.tidy()
        counts.append(len(returned) - before)
    return counts


@pytest.mark.usefixtures("thawed")
def test_memory_is_given_back_once_after_each_time_of_work(returned: list[None]) -> None:
    idle = idle_memory(answering=[0, 1, 1, 0, 0, 1])
    assert given_back(idle, returned, 8) == [0, 0, 0, 1, 0, 0, 1, 0]


@pytest.mark.usefixtures("thawed")
def test_embedding_is_a_time_of_work_of_its_own(returned: list[None]) -> None:
    idle = idle_memory(answering=[1, 1], embedding=[0, 1, 1, 1])
    assert given_back(idle, returned, 6) == [0, 0, 1, 0, 1, 0]


@pytest.mark.usefixtures("thawed")
def test_nothing_is_done_while_somebody_waits(returned: list[None]) -> None:
    idle = idle_memory(answering=[0, 1, 1, 1], embedding=[1, 1], unused=[0, 7])
    assert given_back(idle, returned, 5) == [0, 0, 0, 0, 1]


@pytest.mark.usefixtures("thawed")
def test_what_was_released_is_given_back(returned: list[None]) -> None:
    assert given_back(idle_memory(unused=[0, 3]), returned, 4) == [0, 1, 0, 0]


def resident_kb(path: Path) -> int:
    lines = iter(Path("/proc/self/smaps").read_text().splitlines())
    for line in lines:
        if line.endswith(str(path)):
            return next(int(of.split()[1]) for of in lines if of.startswith("Rss:"))
    return 0


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells and does it")
def test_mapped_files_leave_the_memory_and_keep_what_was_written(tmp_path: Path) -> None:
    wanted, other = tmp_path / "folder" / "wanted" / "log", tmp_path / "other" / "log"
    maps = []
    for path in (wanted, other):
        path.parent.mkdir(parents=True)
        path.write_bytes(bytes(1 << 20))
        with path.open("r+b") as file:
            maps.append(mmap.mmap(file.fileno(), 0))
            maps[-1][:] = b"words words words." * 100 + bytes((1 << 20) - 1_800)
            maps[-1].flush()
            os.fsync(file.fileno())
    page_out(tmp_path / "folder")
    assert resident_kb(wanted) < 100
    assert resident_kb(other) == 1_024
    assert maps[0][:18] == b"words words words."
    for one in maps:
        one.close()


class Knot:
    """Refers to itself, so that only the collection of garbage ends it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.mark.usefixtures("thawed")
def test_what_was_alive_is_passed_over_until_the_process_settles_again() -> None:
    knot = Knot()
    alive = weakref.ref(knot)
    settle()
    assert gc.get_freeze_count() > 1000
    del knot
    gc.collect()
    assert alive() is not None
    settle()
    assert alive() is None


@pytest.mark.usefixtures("thawed")
def test_garbage_is_collected_after_a_time_of_work() -> None:
    idle = idle_memory(answering=[1])
    idle.tidy()
    gone = weakref.ref(Knot())
    idle.tidy()
    assert gone() is None
