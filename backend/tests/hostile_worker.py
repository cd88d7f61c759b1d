"""An ingest worker for `WorkerSupervisor` that reads files which crash, hang or take long.

A text that begins with one of the words below is such a file; others are read as usual.
"""

import ctypes
import time
from collections.abc import Iterator
from pathlib import Path

from backend.config import load_config
from backend.ingest import pipeline
from backend.ingest.extract.base import ExtractedPage, Extraction, Extractor
from backend.ingest.extract.registry import extractor_for
from backend.ingest.worker import run_worker


class HostileExtractor(Extractor):
    """Reads texts; does what their first word says."""

    media_types = frozenset({"text/plain"})

    def open(self, path: Path, media_type: str) -> Extraction:
        word = path.read_text().split()[0]
        if word == "hang-at-opening":
            time.sleep(3600)
        if word in ("crash", "hang", "hang-with-lock", "slow", "memory"):
            return HostileExtraction(word)
        return extractor_for(media_type).open(path, media_type)


class HostileExtraction(Extraction):
    page_count = 1000

    def __init__(self, word: str) -> None:
        self._word = word

    def pages(self, first: int = 1) -> Iterator[ExtractedPage]:
        for number in range(first, self.page_count + 1):
            yield ExtractedPage(number, f"Page {number} of a hostile file.")
            if self._word == "slow":
                time.sleep(0.05)
            elif number == 3:
                self._end()

    def _end(self) -> None:
        if self._word == "crash":
            ctypes.string_at(0)
        elif self._word == "hang":
            ctypes.CDLL(None).sleep(3600)
        elif self._word == "hang-with-lock":
            ctypes.PyDLL(None).sleep(3600)
        elif self._word == "memory":
            held = []
            while True:
                held.append(bytearray(64 * 1024 * 1024))

    def close(self) -> None:
        pass


if __name__ == "__main__":
    hostile = HostileExtractor()

    def choose(media_type: str, **options: object) -> Extractor:
        if media_type in hostile.media_types:
            return hostile
        return extractor_for(media_type, **options)  # type: ignore[arg-type]

    vars(pipeline)["extractor_for"] = choose
    run_worker(load_config())
