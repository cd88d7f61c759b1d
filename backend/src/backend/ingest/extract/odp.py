"""OpenDocument presentations, which kreuzberg does not read: a page a slide."""

import re
import zipfile
from pathlib import Path
from xml.parsers import expat

from backend.errors import DocumentTooLarge, DocumentUnreadable
from backend.ingest.extract.base import Extraction, Extractor
from backend.ingest.extract.formats import ODP
from backend.ingest.extract.office import DAMAGED_ZIP, MarkdownExtraction, check_container

_MAX_TEXT_CHARACTERS = 64 * 1024 * 1024
_BLOCK_BYTES = 256 * 1024
_MAX_SPACES = 100
_MARKDOWN_MARK = re.compile(r"([\\`*_\[\]#|<>-])")


class PresentationExtractor(Extractor):
    media_types = frozenset({ODP})

    def open(self, path: Path, media_type: str) -> Extraction:
        check_container(path, media_type)
        reader = _SlideReader()
        try:
            with zipfile.ZipFile(path) as archive, archive.open("content.xml") as content:
                while block := content.read(_BLOCK_BYTES):
                    reader.feed(block)
        except (*DAMAGED_ZIP, expat.ExpatError, KeyError) as error:
            raise DocumentUnreadable from error
        return MarkdownExtraction(reader.slides)


class _SlideReader:
    """Turns the XML of a presentation into Markdown, one string a slide."""

    def __init__(self) -> None:
        self.slides: list[str] = []
        self._paragraph: list[str] | None = None
        self._row: list[str] | None = None
        self._is_title = False
        self._characters = 0
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._doctype

    def feed(self, block: bytes) -> None:
        self._parser.Parse(block)

    def _doctype(self, *_: object) -> None:
        raise DocumentUnreadable("This file declares entities, which no presentation does.")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "draw:page":
            self.slides.append("")
        elif name == "draw:frame":
            self._is_title = attributes.get("presentation:class") == "title"
        elif name == "table:table-row":
            self._row = []
        elif name in ("text:p", "text:h"):
            self._paragraph = []
        elif name == "text:s":
            count = attributes.get("text:c", "1")
            self._text(" " * min(int(count) if count.isdigit() else 1, _MAX_SPACES))
        elif name in ("text:tab", "text:line-break"):
            self._text(" ")

    def _end(self, name: str) -> None:
        if name in ("text:p", "text:h") and self._paragraph is not None:
            text = "".join(self._paragraph).strip()
            self._paragraph = None
            if self._row is not None:
                self._row.append(text)
            elif text:
                self._add(f"{'## ' if self._is_title else ''}{text}\n\n")
        elif name == "draw:frame":
            self._is_title = False
        elif name == "table:table-row" and self._row is not None:
            self._add(f"| {' | '.join(self._row)} |\n")
            self._row = None

    def _text(self, text: str) -> None:
        if self._paragraph is not None:
            self._characters += len(text)
            if self._characters > _MAX_TEXT_CHARACTERS:
                raise DocumentTooLarge
            self._paragraph.append(_MARKDOWN_MARK.sub(r"\\\1", text))

    def _add(self, markdown: str) -> None:
        if self.slides:
            self.slides[-1] += markdown
