"""Turns a shard of the embedded index into one that needs hardly any heap, in another process.

What is written goes into a segment whose inverted index is on the heap, 3 KB a passage.
`optimize` makes one of it that is read from files, and drops deleted points once a fifth are. But
it holds Python's lock (8 s for 100,000 passages) and keeps what it replaced in memory until the
shard is closed. So a child process does it with a copy of the folder.
"""

import errno
import json
import logging
import os
import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

import qdrant_edge

from backend.store.edge_shard import shard_config

logger = logging.getLogger(__name__)

_RECORD: Final = "compacted.json"
_NICENESS: Final = 10
_TIMEOUT_S: Final = 900.0
_READ_BYTES: Final = 1 << 20


class Compactor:
    """Makes compacted copies of a shard's folder, one at a time, until it is stopped."""

    def __init__(self, directory: Path, dimension: int) -> None:
        self._directory = directory
        self._copy = directory.with_name(f"{directory.name}.compact")
        self._dimension = dimension
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_stopped = False

    def run(self) -> Path | None:
        """Return the folder of a copy, durable and not open; None if it failed or was stopped.

        Until it returns nothing may be written to the shard.
        """
        self.clean()
        command = [sys.executable, "-m", __name__]
        places = [str(self._directory), str(self._copy), str(self._dimension)]
        try:
            with self._lock:
                if self._is_stopped:
                    return None
                self._process = subprocess.Popen(
                    [*command, *places], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
                )
            _, said = self._process.communicate(timeout=_TIMEOUT_S)
        except (OSError, subprocess.TimeoutExpired):
            logger.warning("search index not compacted", exc_info=True)
            self._kill()
            self.clean()
            return None
        if self._process.returncode != 0:
            if not self._is_stopped:
                reason = said.decode(errors="replace")[-2_000:]
                logger.warning("search index not compacted", extra={"reason": reason})
            self.clean()
            return None
        return self._copy

    def stop(self) -> None:
        """End a run, and begin none from now on."""
        with self._lock:
            self._is_stopped = True
        self._kill()

    def clean(self) -> None:
        """Remove what an interrupted run has left."""
        shutil.rmtree(self._copy, ignore_errors=True)

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def compact(directory: Path, copy: Path, dimension: int) -> None:
    """Copy a shard that another process has open, and compact the copy."""
    shutil.copytree(directory, copy, copy_function=_copy_file)
    shard = qdrant_edge.EdgeShard.load(str(copy), shard_config(dimension))
    shard.optimize()
    points = shard.count(qdrant_edge.CountRequest(exact=True))
    shard.close()
    (copy / _RECORD).write_text(json.dumps({"points": points}), encoding="utf-8")
    for path in copy.rglob("*"):
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def compacted_points(directory: Path) -> int:
    """Return how many points a shard had when it was compacted, 0 if it never was."""
    try:
        return int(json.loads((directory / _RECORD).read_text(encoding="utf-8"))["points"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def _copy_file(source: str, target: str) -> None:
    """Copy a file with its holes: most of a shard's files are mostly still empty."""
    with Path(source).open("rb") as reader, Path(target).open("wb") as writer:
        size = os.fstat(reader.fileno()).st_size
        writer.truncate(size)
        end = 0
        while end < size:
            try:
                start = os.lseek(reader.fileno(), end, os.SEEK_DATA)
            except OSError as error:
                if error.errno == errno.ENXIO:  # nothing follows but a hole
                    return
                raise
            end = os.lseek(reader.fileno(), start, os.SEEK_HOLE)
            _copy_range(reader.fileno(), writer.fileno(), start, end)


def _copy_range(reader: int, writer: int, start: int, end: int) -> None:
    while start < end:
        data = os.pread(reader, min(_READ_BYTES, end - start), start)
        if not data:
            return
        start += os.pwrite(writer, data, start)


def main() -> None:
    directory, copy, dimension = sys.argv[1:]
    with suppress(OSError):  # if memory runs out, this is what can be missed
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    os.nice(_NICENESS)
    compact(Path(directory), Path(copy), int(dimension))


if __name__ == "__main__":
    main()
