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
_MMAP_THRESHOLD_OPTION: Final = -3
_LARGE_BYTES: Final = 64 * 1024  # a window of compression has as much


def return_free_memory() -> None:
    """Give freed memory back where glibc can; elsewhere nothing happens.

    After many answers at the same time, or after loading a model, this is a tenth to a fifth of
    the process.
    """
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def return_large_blocks() -> None:
    """Let glibc give each large block back as soon as it is freed; elsewhere nothing happens.

    By itself it takes the largest block that was ever freed for the size of what comes often, and
    keeps all below: tensors and windows of compression, in between of which small things stay and
    pin them down. With hundreds of pages and answers that is a tenth of the server's memory.
    Embedding many texts takes a twentieth to a sixth longer.
    """
    if sys.platform == "linux":
        set_option = getattr(ctypes.CDLL(None), "mallopt", None)
        if set_option is not None:
            set_option(_MMAP_THRESHOLD_OPTION, _LARGE_BYTES)


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

    def __init__(
        self,
        is_answering: Callable[[], bool],
        is_embedding: Callable[[], bool],
        release_unused: Callable[[], int],
    ) -> None:
        """Make it.

        Args:
            is_answering: whether somebody waits.
            is_embedding: whether something works that nobody waits for.
            release_unused: ends what is kept for the next answer; returns how much that was.
        """
        self._is_answering = is_answering
        self._is_embedding = is_embedding
        self._release_unused = release_unused
        self._was_answering = self._was_embedding = False

    def tidy(self) -> None:
        """To be called every few seconds."""
        is_answering, is_embedding = self._is_answering(), self._is_embedding()
        has_ended = self._was_answering or (self._was_embedding and not is_embedding)
        self._was_answering, self._was_embedding = is_answering, is_embedding
        if is_answering:
            return
        if has_ended:
            settle()
        if self._release_unused() or has_ended:
            return_free_memory()
