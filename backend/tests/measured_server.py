"""`docchat serve` that also writes down how it uses the database, the processor and memory.

python measured_server.py REPORT: a JSON file, rewritten several times a second.
"""

import ctypes
import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.pool import Pool

from backend.config import load_config
from backend.server import serve

_SAMPLE_INTERVAL_S = 0.02
_SAMPLES_PER_REPORT = 10


class PoolMeter:
    """Counts the connections taken from any pool of the process, for how long, and the statements.

    Statements are told apart by threads: those of events and answers, and those of all others.
    """

    def __init__(self, report: Path) -> None:
        self._report = report
        self._lock = threading.Lock()
        self._pid = self._arbiter_pid = os.getpid()
        event.listen(Pool, "checkout", self._on_checkout)
        event.listen(Pool, "checkin", self._on_checkin)
        event.listen(Engine, "before_cursor_execute", self._on_statement)

    def _on_checkout(self, _connection: Any, record: Any, _proxy: Any) -> None:
        if os.getpid() == self._arbiter_pid:  # of interest is the worker that it forks
            return
        with self._lock:
            if self._pid == self._arbiter_pid:
                self._begin()
            self._taken_at[id(record)] = time.monotonic()
            self._checkouts += 1
            self._most = max(self._most, len(self._taken_at))

    def _on_checkin(self, _connection: Any, record: Any) -> None:
        if os.getpid() == self._arbiter_pid:
            return
        with self._lock:
            taken_at = self._taken_at.pop(id(record), None)
            if taken_at is not None:
                self._longest_s = max(self._longest_s, time.monotonic() - taken_at)

    def _on_statement(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        name = threading.current_thread().name
        if os.getpid() != self._arbiter_pid and not statement.startswith("BEGIN"):
            with self._lock:
                if name == "answer" or "_handle_event" in name:
                    self._statements += 1
                else:
                    self._other_statements += 1

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._taken_at: dict[int, float] = {}
        self._checkouts = self._most = self._samples = self._idle_samples = 0
        self._statements = self._other_statements = 0
        self._longest_s = 0.0
        threading.Thread(target=self._sample, daemon=True).start()

    def _sample(self) -> None:
        while True:
            for _ in range(_SAMPLES_PER_REPORT):
                time.sleep(_SAMPLE_INTERVAL_S)
                with self._lock:
                    self._samples += 1
                    self._idle_samples += not self._taken_at
            self._write()

    def _write(self) -> None:
        with self._lock:
            report = {
                "pid": self._pid,
                "checkouts": self._checkouts,
                "checked_out_now": len(self._taken_at),
                "checked_out_most": self._most,
                "statements": self._statements,
                "other_statements": self._other_statements,
                "longest_checkout_s": round(self._longest_s, 3),
                "samples": self._samples,
                "idle_samples": self._idle_samples,
                "threads": threading.active_count(),
                "rss_mb": _rss_mb(),
                "cpu_s": round(time.process_time(), 3),
                "large_blocks": _large_blocks(),
                "open_files": sum(1 for _ in Path("/proc/self/fd").iterdir()),
            }
        draft = self._report.with_suffix(".draft")
        draft.write_text(json.dumps(report))
        draft.replace(self._report)


def _rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)


class _MallocInfo(ctypes.Structure):
    _names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = tuple((name, ctypes.c_size_t) for name in _names.split())


def _large_blocks() -> int | None:
    """Return how many blocks of memory glibc took from the system one by one."""
    try:
        tell = ctypes.CDLL(None).mallinfo2
    except AttributeError:
        return None
    tell.restype = _MallocInfo
    return int(tell().hblks)


if __name__ == "__main__":
    PoolMeter(Path(sys.argv[1]))
    serve(load_config())
