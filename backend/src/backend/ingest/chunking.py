"""Cuts a document into passages of whole sentences while its pages stream by."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import astuple, dataclass, replace
from itertools import pairwise
from typing import Any

from backend.db.repositories.chunks import NewChunk
from backend.ingest.extract.base import ExtractedPage, Heading
from backend.ingest.sentences import MAX_SENTENCE_CHARACTERS, split_sentences

# A heading begins a new passage unless the one before it would be shorter than this.
_MIN_CHARACTERS_BEFORE_HEADING = 200


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A sentence by its offsets in the document's text."""

    start: int
    end: int
    is_heading: bool
    opens_paragraph: bool


@dataclass(frozen=True, slots=True)
class _PageSpan:
    """A page by its offsets in the document's text."""

    number: int
    start: int
    end: int


class Chunker:
    """Takes pages in order, gives passages as soon as they are complete.

    A passage is at most `max_characters` long and made of whole sentences. It repeats the
    last sentences of the one before, at most `overlap_characters` of them, and at most
    half of `max_characters`. It begins at a heading or a paragraph where it can and may
    go on over the end of a page. Memory does not grow with the number of pages.
    """

    def __init__(self, max_characters: int, overlap_characters: int) -> None:
        self._max_characters = max_characters
        self._overlap_characters = min(overlap_characters, max_characters // 2)
        self._sentence_limit = min(MAX_SENTENCE_CHARACTERS, max_characters)
        self._text = ""  # the part of the document's text that is still needed
        self._text_start = 0
        self._has_pages = False
        self._pages: list[_PageSpan] = []
        self._headings: list[Heading] = []  # their places are offsets in the document's text
        self._open: list[_Sentence] = []  # the passage that is being built
        self._taken_until = 0  # the end of the last sentence that was taken
        self._ordinal = 0

    def state(self) -> dict[str, Any]:
        """Return, ready for JSON, what another Chunker needs to go on with the next page."""
        return {
            "text": self._text,
            "text_start": self._text_start,
            "pages": [astuple(page) for page in self._pages],
            "headings": [astuple(heading) for heading in self._headings],
            "open": [astuple(sentence) for sentence in self._open],
            "taken_until": self._taken_until,
            "ordinal": self._ordinal,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where the Chunker that gave `state`, after its first page or later, stood."""
        self._has_pages = True
        self._text = state["text"]
        self._text_start = state["text_start"]
        self._pages = [_PageSpan(*page) for page in state["pages"]]
        self._headings = [Heading(*heading) for heading in state["headings"]]
        self._open = [_Sentence(*sentence) for sentence in state["open"]]
        self._taken_until = state["taken_until"]
        self._ordinal = state["ordinal"]

    def add(self, page: ExtractedPage) -> Iterator[NewChunk]:
        """Take the next page; yield the passages that it completes."""
        if self._has_pages:
            self._text += "\n"
        self._has_pages = True
        start = self._text_start + len(self._text)
        self._text += page.text
        self._pages.append(_PageSpan(page.number, start, start + len(page.text)))
        self._headings += [
            replace(h, start=start + h.start, end=start + h.end) for h in page.headings
        ]
        # The last sentence may go on on the next page, so it is not taken yet.
        for sentence in self._untaken_sentences()[:-1]:
            yield from self._take(sentence)
        self._forget()

    def finish(self) -> Iterator[NewChunk]:
        """Yield what is left after the last page."""
        for sentence in self._untaken_sentences():
            yield from self._take(sentence)
        if self._open:
            yield self._passage(self._open)

    def _untaken_sentences(self) -> list[_Sentence]:
        offset = self._text_start
        previous_end = self._taken_until - offset
        headings = [h for h in self._headings if h.start >= self._taken_until]
        heading_starts = {h.start - offset for h in headings}
        heading_ends = {h.end - offset for h in headings}
        edges = sorted({previous_end, len(self._text)} | heading_starts | heading_ends)
        sentences = []
        for begin, end in pairwise(edges):
            for first, last in split_sentences(self._text, begin, end, self._sentence_limit):
                sentences.append(
                    _Sentence(
                        first + offset,
                        last + offset,
                        is_heading=begin in heading_starts,
                        opens_paragraph=self._text.count("\n", previous_end, first) > 1,
                    )
                )
                previous_end = last
        return sentences

    def _take(self, sentence: _Sentence) -> Iterator[NewChunk]:
        if sentence.is_heading and self._open and not self._open[-1].is_heading:
            length = self._open[-1].end - self._open[0].start
            if length >= _MIN_CHARACTERS_BEFORE_HEADING:
                yield self._passage(self._open)
                self._open = []
        while self._open and sentence.end - self._open[0].start > self._max_characters:
            count = self._break_before(sentence)
            yield self._passage(self._open[:count])
            self._open = self._repeated(count, sentence) + self._open[count:]
        self._open.append(sentence)
        self._taken_until = sentence.end

    def _break_before(self, following: _Sentence) -> int:
        """Return how many open sentences make a passage: up to a paragraph if one is near."""
        if not following.opens_paragraph:
            half = self._open[0].start + self._max_characters // 2
            for index in range(len(self._open) - 1, 0, -1):
                if self._open[index].start <= half:
                    break
                if self._open[index].opens_paragraph or self._open[index].is_heading:
                    return index
        return len(self._open)

    def _repeated(self, count: int, following: _Sentence) -> list[_Sentence]:
        """Return the last of the first `count` open sentences that the next passage repeats."""
        rest = [*self._open[count:], following]
        if rest[0].is_heading:
            return []
        earliest = max(
            rest[0].start - self._overlap_characters, following.end - self._max_characters
        )
        return [s for s in self._open[:count] if s.start >= earliest]

    def _passage(self, sentences: list[_Sentence]) -> NewChunk:
        start, end = sentences[0].start, sentences[-1].end
        passage = NewChunk(
            ordinal=self._ordinal,
            text=self._text[start - self._text_start : end - self._text_start],
            heading=self._heading_of(sentences),
            start=start,
            end=end,
            page_spans=[
                [page.number, max(start, page.start) - page.start, min(end, page.end) - page.start]
                for page in self._pages
                if page.start < end and page.end > start
            ],
            sentences=[[s.start - start, s.end - start] for s in sentences],
        )
        self._ordinal += 1
        return passage

    def _heading_of(self, sentences: list[_Sentence]) -> str:
        """Return the nearest heading at or above the first sentence that is none itself."""
        body = next((s for s in sentences if not s.is_heading), sentences[-1])
        index = bisect_right(self._headings, body.start, key=lambda h: h.start)
        return self._headings[index - 1].text if index else ""

    def _forget(self) -> None:
        """Drop what no later passage can need."""
        needed_from = self._open[0].start if self._open else self._taken_until
        self._text = self._text[needed_from - self._text_start :]
        self._text_start = needed_from
        self._pages = [page for page in self._pages if page.end >= needed_from]
        index = bisect_right(self._headings, needed_from, key=lambda h: h.start)
        del self._headings[: max(index - 1, 0)]
