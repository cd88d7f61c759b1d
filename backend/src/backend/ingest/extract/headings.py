"""Finds the headings of Markdown and LaTeX in a text that stays as it is."""

import re

from backend.ingest.extract.base import Heading

_FENCE = re.compile(r" {0,3}(```|~~~)")
_ATX_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(?P<text>.*?)[ \t]*#*[ \t]*$")
_SETEXT_UNDERLINE = re.compile(r" {0,3}(=+|-{2,})[ \t]*$")
_LATEX_HEADING = re.compile(
    r"^[ \t]*\\(?:part|chapter|section|subsection|subsubsection|paragraph|title)\*?"
    r"(?:\[[^\]\n]*\])?\{(?P<text>[^{}\n]+)\}",
    re.MULTILINE,
)


class MarkdownHeadings:
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


def find_latex_headings(text: str) -> tuple[Heading, ...]:
    return tuple(
        Heading(match.start(), match.end(), " ".join(match["text"].split()))
        for match in _LATEX_HEADING.finditer(text)
        if match["text"].strip()
    )
