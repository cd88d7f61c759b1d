"""Freed memory that the C library keeps, given back to the system."""

import ctypes
import sys
from collections.abc import Callable


def return_free_memory() -> None:
    """Give freed memory back where glibc can; elsewhere nothing happens.

    After many answers at the same time, or after loading a model, this is a tenth to a fifth of
    the process.
    """
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


class IdleMemory:
    """Gives memory back once after each time of work, when nobody waits for it."""

    def __init__(self, is_busy: Callable[[], bool]) -> None:
        self._is_busy = is_busy
        self._was_busy = False

    def tidy(self) -> None:
        """To be called every few seconds."""
        is_busy = self._is_busy()
        if self._was_busy and not is_busy:
            return_free_memory()
        self._was_busy = is_busy
