"""Checks an answer's citations against the stored text and says how well each is carried."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from backend.chat.marks import find_claims, remove_unknown
from backend.chat.retrieval import Source
from backend.chat.wording import content_words, numbers, one_line, recall
from backend.store.base import FloatVector
from backend.store.search import ChunkEvidence
from backend.store.vectors import sentence_cosines, unpack_sentence_vectors

logger = logging.getLogger(__name__)

Support = Literal["verified", "partial", "unsupported"]
Embed = Callable[[Sequence[str]], FloatVector]

_MAX_QUOTE_SENTENCES: Final = 5
_LONGER_COSTS: Final = 0.15  # what each further sentence must add to the match
_WORDS_WEIGHT: Final = 0.6  # of shared words against the sentence vectors
_VERIFIED_FROM: Final = 0.6  # match of a claim and its passage
_PARTIAL_FROM: Final = 0.35
_WEAKEST_FIRST: Final[tuple[Support, ...]] = ("unsupported", "partial", "verified")


@dataclass(frozen=True, slots=True)
class PageSpan:
    """Code point offsets in one page's text."""

    page: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Citation:
    """What stands behind one number of the answer; `quote` is verbatim stored text."""

    n: int
    document_id: str
    filename: str
    chunk_id: str
    quote: str
    pages: tuple[PageSpan, ...]
    score: float
    support: Support

    def to_wire(self) -> dict[str, Any]:
        """Return the citation object of the wire contract."""
        return {
            "n": self.n,
            "document_id": self.document_id,
            "filename": self.filename,
            "chunk_id": self.chunk_id,
            "quote": self.quote,
            "pages": [
                {"page": span.page, "start": span.start, "end": span.end} for span in self.pages
            ],
            "score": round(self.score, 4),
            "support": self.support,
        }


def cite(
    text: str, sources: Sequence[Source], embed: Embed | None = None
) -> tuple[str, list[Citation]]:
    """Return the answer without marks that lead nowhere, and a citation for each number in it.

    Args:
        embed: gives unit vectors; without it only words and numbers are compared.
    """
    by_number = {source.number: source for source in sources}
    text, unknown = remove_unknown(text, by_number)
    if unknown:
        logger.info("citation marks without a passage removed", extra={"numbers": unknown})
    claims: dict[int, list[str]] = {}
    for claim in find_claims(text):
        claims.setdefault(claim.number, []).append(claim.text)
    vectors = _embed_claims(claims, by_number, embed)
    return text, [
        _citation(by_number[number], texts, vectors) for number, texts in sorted(claims.items())
    ]


def page_spans(spans: Sequence[Sequence[int]], start: int, end: int) -> tuple[PageSpan, ...]:
    """Map `start` to `end` of a passage's text to offsets in its pages.

    Args:
        spans: the passage's `[page, start, end]` spans, joined by one newline in its text.
    """
    mapped = []
    offset = 0
    for page, page_start, page_end in spans:
        length = page_end - page_start
        first, last = max(start - offset, 0), min(end - offset, length)
        if first < last:
            mapped.append(PageSpan(page, page_start + first, page_start + last))
        offset += length + 1
    return tuple(mapped)


def _embed_claims(
    claims: dict[int, list[str]], sources: dict[int, Source], embed: Embed | None
) -> dict[str, FloatVector]:
    """Return the vectors of the claims that are no verbatim quotes of embedded passages."""
    wanted = sorted(
        {
            text
            for number, texts in claims.items()
            for text in texts
            if sources[number].chunk.sentence_vectors
            and not _is_verbatim(text, sources[number].chunk.text)
        }
    )
    if embed is None or not wanted:
        return {}
    return dict(zip(wanted, embed(wanted), strict=True))


def _citation(source: Source, claims: Sequence[str], vectors: dict[str, FloatVector]) -> Citation:
    chunk = source.chunk
    passage = _Passage(chunk)
    matches = [passage.match(claim, vectors.get(claim)) for claim in claims]
    together = {
        window: sum(match[window] for match in matches) - _LONGER_COSTS * (window[1] - window[0])
        for window in passage.windows
    }
    first, last = max(together, key=lambda window: together[window])
    start, end = passage.sentences[first][0], passage.sentences[last][1]
    supports = [
        _support(claim, chunk.text, max(match.values()))
        for claim, match in zip(claims, matches, strict=True)
    ]
    return Citation(
        n=source.number,
        document_id=chunk.document_id,
        filename=chunk.filename,
        chunk_id=chunk.id,
        quote=chunk.text[start:end],
        pages=page_spans(chunk.page_spans, start, end),
        score=source.score,
        support=min(supports, key=_WEAKEST_FIRST.index),
    )


class _Passage:
    """A passage's sentences, ready to be compared with claims."""

    def __init__(self, chunk: ChunkEvidence) -> None:
        self.sentences = chunk.sentences or [[0, len(chunk.text)]]
        count = len(self.sentences)
        self.windows = [
            (first, last)
            for first in range(count)
            for last in range(first, min(first + _MAX_QUOTE_SENTENCES, count))
        ]
        self._words = [content_words(chunk.text[start:end]) for start, end in self.sentences]
        self._packed_vectors = chunk.sentence_vectors

    def match(self, claim: str, vector: FloatVector | None) -> dict[tuple[int, int], float]:
        """Return for each window of sentences how well it carries the claim, 0..1."""
        wanted = content_words(claim)
        cosines = self._cosines(vector)
        matches = {}
        for first, last in self.windows:
            words = recall(wanted, frozenset().union(*self._words[first : last + 1]))
            if cosines is None:
                matches[first, last] = words
            else:
                meaning = max(0.0, float(cosines[first : last + 1].max()))
                matches[first, last] = _WORDS_WEIGHT * words + (1 - _WORDS_WEIGHT) * meaning
        return matches

    def _cosines(self, vector: FloatVector | None) -> FloatVector | None:
        if vector is None or not self._packed_vectors:
            return None
        if len(self._packed_vectors) != len(vector) * len(self.sentences):
            return None  # of another model: it was changed since the passage was found
        rows = unpack_sentence_vectors(self._packed_vectors, len(vector))
        return sentence_cosines(rows, vector)


def _support(claim: str, text: str, match: float) -> Support:
    """Judge one claim: a figure that the passage lacks weighs more than any likeness."""
    if _is_verbatim(claim, text):
        return "verified"
    figures, given = numbers(claim), numbers(text)
    if figures and not figures & given:
        return "unsupported"
    if match >= _VERIFIED_FROM and figures <= given:
        return "verified"
    return "partial" if match >= _PARTIAL_FROM else "unsupported"


def _is_verbatim(claim: str, text: str) -> bool:
    claim = one_line(claim).strip(" .,;:").casefold()
    return bool(claim) and claim in one_line(text).casefold()
