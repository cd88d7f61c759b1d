"""Freed memory goes back to the system when the work is over."""

import gc
import mmap
import os
import sys
import weakref
from collections.abc import Iterator
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


def test_memory_is_given_back_once_after_each_time_of_work(returned: list[None]) -> None:
    times = iter([False, True, True, False, False, True, False])
    idle = IdleMemory(lambda: next(times))
    given_back = []
    for _ in range(7):
        idle.tidy()
        given_back.append(len(returned))
    assert given_back == [0, 0, 0, 1, 1, 1, 2]


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


@pytest.fixture
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


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
    times = iter([True, False])
    idle = IdleMemory(lambda: next(times))
    idle.tidy()
    gone = weakref.ref(Knot())
    idle.tidy()
    assert gone() is None
