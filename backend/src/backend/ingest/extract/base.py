"""The contract of extraction: a file becomes pages of text, one at a time.

`docs/formats.md` says how to add a format.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: its place in its page's text (code points, line ends may lie inside) and
    its words, in one line and without marks of the format."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class ExtractedPage:
    """One page as it will be stored. `number` counts from 1.

    `text` holds neither NUL nor lone surrogates (PostgreSQL and UTF-8 refuse them).
    `boxes`, if the format has a layout, has shape (len(text), 4): left, top, right, bottom
    of every code point of `text` as fractions of the displayed page, origin top left;
    NaN where a character has no box (spaces and line ends that the extractor made up).
    `width` and `height` are the displayed page's, in points (of a picture, in pixels).
    `is_ocr` marks text that was recognised in a picture.
    """

    number: int
    text: str
    width: float | None = None
    height: float | None = None
    boxes: NDArray[np.float32] | None = None
    headings: tuple[Heading, ...] = ()
    is_ocr: bool = False


class Extraction(ABC):
    """An opened file. Pages are read on demand, so memory does not grow with their number."""

    page_count: int

    @abstractmethod
    def pages(self, first: int = 1) -> Iterator[ExtractedPage]:
        """Yield the pages from number `first` on.

        Raises:
            PermanentIngestError: the file cannot be read any further.
        """

    @abstractmethod
    def close(self) -> None:
        """Release the file."""


class Extractor(ABC):
    """Reads one family of formats."""

    media_types: frozenset[str]

    @abstractmethod
    def open(self, path: Path, media_type: str) -> Extraction:
        """Open a file.

        Raises:
            DocumentEncrypted: it needs a password.
            DocumentUnreadable: it is damaged.
        """
