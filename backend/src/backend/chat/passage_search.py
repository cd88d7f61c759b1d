"""Search over the passages of the user's documents, for the search box."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from backend.chat.citations import page_spans
from backend.chat.matching import (
    BEGUN_SCORE,
    Matcher,
    Span,
    marks_within,
)
from backend.chat.retrieval import Search
from backend.db.repositories import chunks
from backend.db.repositories.chunks import EvidenceRecord
from backend.db.session import Database
from backend.store.keywords import KeywordEncoder
from backend.store.search import ChunkEvidence, SearchResult

_LOOKED_THROUGH: Final = 10_000  # newest passages, for a word that is being typed


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """A passage that was found. `quote` is its best sentence, from `start` to `end` of the
    page's text (code points); `highlights` are (start, end) pairs within it.
    """

    document_id: str
    page: int
    start: int
    end: int
    quote: str
    highlights: tuple[Span, ...]
    score: float


class PassageSearch:
    """Finds passages by words, also an unfinished one, and by meaning."""

    def __init__(self, database: Database, search: Search, min_relevance: float) -> None:
        """`min_relevance` (0..1) is asked of what shares no word with the query."""
        self._database = database
        self._search = search
        self._min_relevance = min_relevance
        self._encoder = KeywordEncoder()

    def find(self, user_id: str, query: str, limit: int) -> list[FoundPassage]:
        """Return the user's passages that fit best, best first.

        Raises:
            Unavailable: the index cannot be reached.
        """
        matcher = Matcher(self._encoder, query, self._min_relevance)
        found = self._search(user_id=user_id, query=query, limit=limit)
        shown = [
            _shown(matcher, result.chunk, result.sentence_relevance, result.score)
            for result in _fitting(matcher, found)
        ]
        if not any(passage.highlights for passage in shown):
            shown += [
                _shown(matcher, record, (), BEGUN_SCORE)
                for record in self._being_typed(matcher, user_id, limit)
            ]
        shown.sort(key=lambda passage: -passage.score)
        # Neighbours overlap, so one sentence may be the best of both.
        places = {(each.document_id, each.page, each.start): each for each in reversed(shown)}
        return list(reversed(places.values()))[:limit]

    def _being_typed(self, matcher: Matcher, user_id: str, limit: int) -> list[EvidenceRecord]:
        """Return passages of the newest documents that hold the query's last word, finished
        or not."""
        if not matcher.fragment:
            return []
        with self._database.db_session() as session:
            records = chunks.newest_containing(
                session, user_id, matcher.fragment, among=_LOOKED_THROUGH, limit=limit
            )
        return [record for record in records if matcher.has_begun(record.text)]


def _fitting(matcher: Matcher, found: Sequence[SearchResult]) -> list[SearchResult]:
    """Keep what has a word of the query or comes near it, and of a document that only its name
    or headings have brought up the best passage."""
    kept = []
    named: set[str] = set()
    for result in found:
        chunk = result.chunk
        if not matcher.has_phrases(f"{chunk.filename}\n{chunk.heading}\n{chunk.text}"):
            continue
        sentences = [chunk.text[start:end] for start, end in chunk.sentences]
        if matcher.has_words(chunk.text) or matcher.is_near(sentences, result.sentence_relevance):
            kept.append(result)
        elif result.keyword_score > 0 and chunk.document_id not in named:
            named.add(chunk.document_id)
            kept.append(result)
    return kept


def _shown(
    matcher: Matcher,
    chunk: ChunkEvidence | EvidenceRecord,
    relevance: Sequence[float],
    score: float,
) -> FoundPassage:
    """Return the most relevant of the sentences that have words to mark; without any, of all."""
    marks = matcher.highlights(chunk.text)

    def worth(n: int) -> tuple[bool, float]:
        start, end = chunk.sentences[n]
        return bool(marks_within(marks, start, end)), relevance[n] if relevance else 0.0

    start, end = chunk.sentences[max(range(len(chunk.sentences)), key=worth)]
    span = page_spans(chunk.page_spans, start, end)[0]
    return FoundPassage(
        document_id=chunk.document_id,
        page=span.page,
        start=span.start,
        end=span.end,
        quote=chunk.text[start:end],
        highlights=marks_within(marks, start, end),
        score=score,
    )
