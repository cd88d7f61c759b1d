"""Plain text and Markdown, in any common encoding, cut into pages of bounded size."""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from backend.ingest.extract.base import ExtractedPage, Extraction, Extractor, Heading

PLAIN_TEXT = "text/plain"
MARKDOWN = "text/markdown"

PAGE_CHARACTERS = 3000
_BLOCK_CHARACTERS = 256 * 1024
_SAMPLE_BYTES = 256 * 1024
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_FENCE = re.compile(r" {0,3}(```|~~~)")
_ATX_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(?P<text>.*?)[ \t]*#*[ \t]*$")
_SETEXT_UNDERLINE = re.compile(r" {0,3}(=+|-{2,})[ \t]*$")


class TextExtractor(Extractor):
    media_types = frozenset({PLAIN_TEXT, MARKDOWN})

    def open(self, path: Path, media_type: str) -> Extraction:
        return TextExtraction(path, has_headings=media_type == MARKDOWN)


class TextExtraction(Extraction):
    """A text file; read once to count its pages, then again page by page."""

    def __init__(self, path: Path, *, has_headings: bool) -> None:
        self._path = path
        self._encoding = find_encoding(path)
        self._has_headings = has_headings
        self.page_count = sum(1 for _ in self._texts())

    def pages(self, first: int = 1) -> Iterator[ExtractedPage]:
        markdown = _MarkdownHeadings()
        for number, text in enumerate(self._texts(), start=1):
            headings = markdown.find(text) if self._has_headings else ()
            if number >= first:
                yield ExtractedPage(number, text, headings=headings)

    def close(self) -> None:
        """Nothing to release: the file is open only while pages are read."""

    def _texts(self) -> Iterator[str]:
        rest = ""
        with self._path.open(encoding=self._encoding, errors="replace") as file:
            while block := file.read(_BLOCK_CHARACTERS):
                rest += block.replace("\x00", "")
                position = 0
                while len(rest) - position > PAGE_CHARACTERS:
                    cut = _page_end(rest, position)
                    yield rest[position:cut]
                    position = _skip_line_end(rest, cut)
                rest = rest[position:]
        if rest.strip():
            yield rest


def find_encoding(path: Path) -> str:
    """Return the codec that decodes the file: by its mark, else UTF-8 if it is, else a guess."""
    with path.open("rb") as file:
        sample = file.read(_SAMPLE_BYTES)
    encoding = encoding_by_zeros(sample)
    if encoding is not None:
        return encoding
    try:
        with path.open(encoding="utf-8") as file:
            while file.read(_BLOCK_CHARACTERS):
                pass
    except UnicodeDecodeError:
        return _guess_encoding(sample)
    return "utf-8"


def encoding_by_zeros(sample: bytes) -> str | None:
    """Return the codec that a byte order mark names or the place of zero bytes gives away."""
    for mark, encoding in _BOMS:
        if sample.startswith(mark):
            return encoding
    even, odd = sample[0::2], sample[1::2]
    if len(odd) > 1:
        if odd.count(0) > 0.4 * len(odd) and even.count(0) < 0.05 * len(even):
            return "utf-16-le"
        if even.count(0) > 0.4 * len(even) and odd.count(0) < 0.05 * len(odd):
            return "utf-16-be"
    return None


def _guess_encoding(sample: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(sample).best()
    return best.encoding if best else "cp1252"


def _page_end(text: str, start: int) -> int:
    """Return where the page that begins at `start` ends: at a paragraph, line or word."""
    latest = start + PAGE_CHARACTERS
    for separator in ("\n\n", "\n", " "):
        cut = text.rfind(separator, start + PAGE_CHARACTERS // 2, latest)
        if cut > 0:
            return cut
    return latest


def _skip_line_end(text: str, position: int) -> int:
    """Return where the next page begins: pages are joined by a line end anyway."""
    while position < len(text) and text[position] in "\n ":
        position += 1
        if text[position - 1] == " ":
            break
    return position


class _MarkdownHeadings:
    """Finds headings page by page; remembers whether a code block is open."""

    def __init__(self) -> None:
        self._fence: str | None = None

    def find(self, text: str) -> tuple[Heading, ...]:
        headings = []
        position = 0
        previous = ""
        for line in text.split("\n"):
            fence = _FENCE.match(line)
            if fence and self._fence in (None, fence[1]):
                self._fence = None if self._fence else fence[1]
            elif self._fence is None:
                atx = _ATX_HEADING.match(line)
                if atx and atx["text"]:
                    headings.append(Heading(position, position + len(line), atx["text"]))
                elif previous.strip() and _SETEXT_UNDERLINE.match(line):
                    start = position - 1 - len(previous)
                    headings.append(Heading(start, position + len(line), previous.strip()))
            previous = "" if fence or self._fence else line
            position += len(line) + 1
        return tuple(headings)
