"""What keeps a worker process in its place: priority, memory, time, its parent."""

import faulthandler
import os
import stat
import sys
import threading
from collections.abc import Callable

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
    """Ends the process when nothing has moved for too long, even inside native code.

    The job's lease expires at the same time, so the next worker takes it up.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s

    def rewind(self) -> None:
        """Start the time anew."""
        faulthandler.dump_traceback_later(self._timeout_s, exit=True)

    def stop(self) -> None:
        """Stop watching."""
        faulthandler.cancel_dump_traceback_later()


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
