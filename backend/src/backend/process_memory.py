"""What a long-lived process does about its memory while nobody waits for it."""

import ctypes
import gc
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

# Python's own but for the last: a full collection, which takes 0.1 s while hundreds of answers are
# being written, comes a fifth as often. What it leaves for so long are some ten megabytes.
_GARBAGE_THRESHOLDS: Final = (700, 10, 50)
_MADV_PAGEOUT: Final = 21


def return_free_memory() -> None:
    """Give freed memory back where glibc can; elsewhere nothing happens.

    After many answers at the same time, or after loading a model, this is a tenth to a fifth of
    the process.
    """
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def page_out(folder: Path) -> None:
    """Take files below `folder` that are memory maps out of memory, where Linux can; elsewhere
    nothing happens.

    Only what is on the disk already, and not for good: it is read again where it is needed.
    """
    if sys.platform != "linux":
        return
    advise = ctypes.CDLL(None).madvise
    advise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
        _, _, path = line.partition(str(folder))
        if path.startswith("/"):
            start, end = (int(address, 16) for address in line.split()[0].split("-"))
            advise(start, end - start, _MADV_PAGEOUT)


def settle() -> None:
    """Collect garbage, and exempt from later collections what is alive now.

    Modules, tables and SDKs are hundreds of thousands of objects. Looking through all of them
    takes the interpreter a quarter of a second, in which nothing else happens, and with hundreds of
    answers it would do so every few seconds. What is alive now is looked through by the next
    call again, so that nothing is kept for good.
    """
    gc.set_threshold(*_GARBAGE_THRESHOLDS)
    gc.unfreeze()
    gc.collect()
    gc.freeze()


class IdleMemory:
    """Settles and gives memory back once after each time of work, when nobody waits for it."""

    def __init__(self, is_busy: Callable[[], bool]) -> None:
        self._is_busy = is_busy
        self._was_busy = False

    def tidy(self) -> None:
        """To be called every few seconds."""
        is_busy = self._is_busy()
        if self._was_busy and not is_busy:
            settle()
            return_free_memory()
        self._was_busy = is_busy
