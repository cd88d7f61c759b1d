"""Text as it is, in any common encoding, cut into pages of bounded size."""

import codecs
from collections.abc import Iterator
from pathlib import Path

from backend.ingest.extract.base import ExtractedPage, Extraction, Extractor
from backend.ingest.extract.formats import LATEX, MARKDOWN, VERBATIM
from backend.ingest.extract.headings import MarkdownHeadings, find_latex_headings

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


class TextExtractor(Extractor):
    media_types = VERBATIM

    def open(self, path: Path, media_type: str) -> Extraction:
        return TextExtraction(path, media_type)


class TextExtraction(Extraction):
    """A text file; read once to count its pages, then again page by page."""

    def __init__(self, path: Path, media_type: str) -> None:
        self._path = path
        self._encoding = find_encoding(path)
        self._media_type = media_type
        self.page_count = sum(1 for _ in self._texts())

    def pages(self, first: int = 1) -> Iterator[ExtractedPage]:
        find_headings = {MARKDOWN: MarkdownHeadings().find, LATEX: find_latex_headings}.get(
            self._media_type, lambda _: ()
        )
        for number, text in enumerate(self._texts(), start=1):
            headings = find_headings(text)
            if number >= first:
                yield ExtractedPage(number, text, headings=headings)

    def close(self) -> None:
        """Nothing to release: the file is open only while pages are read."""

    def _texts(self) -> Iterator[str]:
        rest = ""
        with self._path.open(encoding=self._encoding, errors="replace") as file:
            while block := file.read(_BLOCK_CHARACTERS):
                rest += block.replace("\x00", "")
                pages, rest = _cut(rest)
                yield from pages
        if rest.strip():
            yield rest


def split_pages(text: str) -> Iterator[str]:
    """Cut a text into pages of at most `PAGE_CHARACTERS`; none when it is blank."""
    pages, rest = _cut(text)
    yield from pages
    if rest.strip():
        yield rest


def _cut(text: str) -> tuple[list[str], str]:
    """Return pages as long as more than one is left, and what is left."""
    pages = []
    position = 0
    while len(text) - position > PAGE_CHARACTERS:
        cut = _page_end(text, position)
        pages.append(text[position:cut])
        position = _skip_line_end(text, cut)
    return pages, text[position:]


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
