"""Turns the Markdown that kreuzberg writes into text to be read, with its headings.

Tables keep their pipes and code its lines; marks of emphasis, links' addresses, pictures
and backslashes go.
"""

import re

from backend.ingest.extract.base import Heading

_FENCE = re.compile(r" {0,3}```")
_HEADING = re.compile(r"#{1,6} +(.*)")
_RULE = re.compile(r" *(-{3,}|\*{3,}|_{3,}) *")
# Bounded, so that brackets that nobody closes cost no more than others; what a picture
# holds itself has none.
_IMAGE = re.compile(r"\\?!\[([^\[\]\n]{0,1000})\]\((?:data:[^\s()]*|[^()\n]{0,2000})\)")
_LINK = re.compile(r"(?<!\\)\[([^\[\]\n]*)\]\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)")
_ITALIC = re.compile(r"(?<![\\*\w])\*(?=[^\s*])([^*\n]*[^\s*\\])\*(?![*\w])")
_BOLD = re.compile(r"\*\*([^*\n]+)\*\*")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_LINE_BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)


class MarkdownReader:
    """Reads page by page; remembers whether a code block is open."""

    def __init__(self) -> None:
        self._is_code = False

    def read(self, markdown: str) -> tuple[str, tuple[Heading, ...]]:
        """Return a page's text and its headings."""
        lines: list[str] = []
        headings: list[Heading] = []
        position = 0
        for source in markdown.split("\n"):
            if _FENCE.match(source):
                self._is_code = not self._is_code
                continue
            line = source if self._is_code else _plain(source)
            if not line and not (lines and lines[-1]):
                continue  # no blank line at the top, nor two in a row
            if not self._is_code and _HEADING.match(source):
                title = _HEADING.sub(r"\1", line).strip()
                line = title
                if title:
                    words = " ".join(title.split())
                    headings.append(Heading(position, position + len(line), words))
            lines.append(line)
            position += len(line) + 1
        return "\n".join(lines).rstrip(), tuple(headings)


def drop_pictures(markdown: str) -> str:
    """Put its description in place of each picture; some hold the picture itself."""
    return _IMAGE.sub(r"\1", markdown)


def _plain(line: str) -> str:
    if _RULE.fullmatch(line):
        return ""
    line = _LINK.sub(r"\1", _LINE_BREAK.sub(" ", line))
    return _BOLD.sub(r"\1", _ESCAPED.sub(r"\1", _ITALIC.sub(r"\1", line))).rstrip()
