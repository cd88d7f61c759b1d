"""Freed memory goes back to the system when the work is over."""

import pytest

from backend import process_memory
from backend.process_memory import IdleMemory


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
