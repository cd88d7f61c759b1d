"""What keeps a worker process in its place: priority, memory, time, its parent."""

import faulthandler
import os
import stat
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

_MIB = 1024 * 1024


def lower_priority(nice: int) -> None:
    """Give way to other processes."""
    if sys.platform != "win32":
        os.nice(nice)


def cap_memory(megabytes: int) -> None:
    """Let allocations beyond `megabytes` fail; 0 sets no cap.

    Linux counts private writable memory here (RLIMIT_DATA), so neither libraries nor the
    stacks and arenas that threads merely reserve. Elsewhere the limit may have no effect.
    """
    if megabytes and sys.platform != "win32":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        wanted = megabytes * _MIB
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


class Watchdog:
    """Ends the process when its time is up, even inside native code.

    The file at `path` is there while it watches; it survives the process and then says
    what ended it, with the Python lines it was in.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def allow(self, seconds: float) -> None:
        """Let the process end `seconds` from now, unless this or `stop` is called before."""
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("w", encoding="utf-8")
            faulthandler.enable(self._file)
        faulthandler.dump_traceback_later(seconds, exit=True, file=self._file)

    def stop(self) -> None:
        """Stop watching and remove the file."""
        faulthandler.cancel_dump_traceback_later()
        if self._file is not None:
            faulthandler.disable()
            self._file.close()
            self._file = None
            self._path.unlink(missing_ok=True)


def take_last_words(path: Path) -> str:
    """Return what the watchdog's file of a dead process says, "" if nothing; remove it."""
    try:
        words = path.read_text(encoding="utf-8", errors="replace")
        path.unlink()
    except OSError:
        return ""
    return words


def was_time_up(last_words: str) -> bool:
    """Return whether the watchdog ended the process that left these words."""
    return last_words.startswith("Timeout (")


def watch_parent(on_end: Callable[[], None], grace_s: float) -> None:
    """Call `on_end` when the parent closes our standard input, as its death does.

    If the process is still there `grace_s` later, end it. Does nothing when the standard
    input is no pipe: then nobody started us as a child.
    """
    if not stat.S_ISFIFO(os.fstat(0).st_mode):
        return

    def wait() -> None:
        while os.read(0, 4096):
            pass
        on_end()
        threading.Event().wait(grace_s)
        os._exit(1)

    threading.Thread(target=wait, name="watch-parent", daemon=True).start()
