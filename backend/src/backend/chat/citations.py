"""Checks an answer's citations against the stored text and says how well each is carried."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from backend.chat.marks import add_marks, find_claims, find_unmarked, remove_unknown
from backend.chat.retrieval import Source
from backend.chat.support import WEAKEST_FIRST, PassageCheck, Support, best_window
from backend.store.base import FloatVector

logger = logging.getLogger(__name__)

Embed = Callable[[Sequence[str]], FloatVector]

# A bare statement gets a mark only where hardly any doubt is left.
_WORDS_TO_MARK: Final = 0.6  # share of its words in a passage's sentences
_MATCH_TO_MARK: Final = 0.75
_MAX_CHECKED: Final = 200  # bare statements; bounds the time that an endless answer takes


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
    """Return the answer with its marks set right, and a citation for each number in it.

    Marks that lead nowhere are taken out; a statement without any gets one if a passage
    clearly carries it.

    Args:
        embed: gives unit vectors; without it only words and figures are compared, and no
            mark is added.
    """
    by_number = {source.number: source for source in sources}
    text, unknown = remove_unknown(text, by_number)
    if unknown:
        logger.info("citation marks without a passage removed", extra={"numbers": unknown})
    if embed is not None:
        text = _add_missing_marks(text, sources, embed)
    claims: dict[int, list[str]] = {}
    for claim in dict.fromkeys(find_claims(text)):
        claims.setdefault(claim.number, []).append(claim.text)
    checks = {number: PassageCheck(by_number[number].chunk) for number in claims}
    vectors = _embed_claims(claims, checks, embed)
    return text, [
        _citation(by_number[number], checks[number], texts, vectors)
        for number, texts in sorted(claims.items())
    ]


def _add_missing_marks(text: str, sources: Sequence[Source], embed: Embed) -> str:
    """Return the text with a mark behind each bare statement that a passage clearly carries."""
    checks = {source.number: PassageCheck(source.chunk) for source in sources}
    likely = [
        (statement, numbers)
        for statement in find_unmarked(text)[:_MAX_CHECKED]
        if (
            numbers := [
                number
                for number, check in checks.items()
                if max(check.match(statement.text, None).values()) >= _WORDS_TO_MARK
            ]
        )
    ]
    if not likely:
        return text
    vectors = embed([statement.text for statement, _ in likely])
    marks = []
    for (statement, numbers), vector in zip(likely, vectors, strict=True):
        best, best_match = 0, _MATCH_TO_MARK
        for number in numbers:
            check = checks[number]
            verdict = check.judge(statement.text, check.match(statement.text, vector))
            if verdict.support == "verified" and verdict.match > best_match:
                best, best_match = number, verdict.match
        if best:
            marks.append((statement.mark_at, best))
    if marks:
        logger.info("citation marks added", extra={"numbers": [number for _, number in marks]})
    return add_marks(text, marks)


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
    claims: dict[int, list[str]], checks: dict[int, PassageCheck], embed: Embed | None
) -> dict[str, FloatVector]:
    """Return the vectors of the claims that are no verbatim quotes of embedded passages."""
    wanted = sorted(
        {
            text
            for number, texts in claims.items()
            for text in texts
            if checks[number].chunk.sentence_vectors and not checks[number].quotes(text)
        }
    )
    if embed is None or not wanted:
        return {}
    return dict(zip(wanted, embed(wanted), strict=True))


def _citation(
    source: Source, check: PassageCheck, claims: Sequence[str], vectors: dict[str, FloatVector]
) -> Citation:
    chunk = source.chunk
    matches = [check.match(claim, vectors.get(claim)) for claim in claims]
    supports = [
        check.judge(claim, match).support for claim, match in zip(claims, matches, strict=True)
    ]
    # Every mark with this number opens this quote: it holds what each of them stands on.
    windows = [
        best_window(match)
        for match, support in zip(matches, supports, strict=True)
        if support != "unsupported"
    ] or [best_window({window: sum(match[window] for match in matches) for window in matches[0]})]
    first, last = min(windows)[0], max(window[1] for window in windows)
    start, end = check.sentences[first][0], check.sentences[last][1]
    return Citation(
        n=source.number,
        document_id=chunk.document_id,
        filename=chunk.filename,
        chunk_id=chunk.id,
        quote=chunk.text[start:end],
        pages=page_spans(chunk.page_spans, start, end),
        score=source.score,
        support=min(supports, key=WEAKEST_FIRST.index),
    )
