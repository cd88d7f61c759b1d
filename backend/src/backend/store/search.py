"""Hybrid search: BM25 and embeddings, fused, with the evidence for every passage."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final, Protocol

import numpy as np

from backend.config import Config
from backend.store.base import FloatVector, SearchFilter, SearchIndex
from backend.store.candidates import CandidateFinder, Candidates
from backend.store.embeddings import Embedder
from backend.store.exact import ExactTerms
from backend.store.fusion import fuse, normalise
from backend.store.keywords import KeywordEncoder
from backend.store.relevance import PassageSentences, SentenceScorer
from backend.store.vectors import sentence_cosines, unpack_sentence_vectors

# How many candidates are scored by their sentences; as many rank as well as all
# (`look-at-32` and `look-at-all` in docs/retrieval.md).
_LOOKED_AT: Final = 32
# But at least so many times more than wanted, since some only repeat others.
_SPARE: Final = 3


@dataclass(frozen=True, slots=True)
class ChunkEvidence:
    """A passage's row, as much of it as an answer needs.

    `text` is the document's text from `start` to `end` (code points). `page_spans` holds
    (page, start, end) triples and `sentences` (start, end) pairs within `text`.
    `sentence_vectors`, packed as by `store.vectors`, are None until it is embedded.
    """

    id: str
    document_id: str
    filename: str
    ordinal: int
    heading: str
    start: int
    end: int
    text: str
    page_spans: Sequence[Sequence[int]]
    sentences: Sequence[Sequence[int]]
    sentence_vectors: bytes | None


class PassageSource(Protocol):
    """Reads passages' rows with the vectors of the searcher's model; `app.py` supplies it."""

    def load_evidence(self, user_id: str, chunk_ids: Sequence[str]) -> Sequence[ChunkEvidence]:
        """Return the rows of `chunk_ids`, a few dozen, that belong to `user_id`, in any order.

        Foreign, unknown and deleted passages, and those of documents marked deleted, are absent.
        """


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A passage and why it was found.

    `score` (0..1) ranks within one search and means nothing across searches; the other
    figures are absolute. `keyword_score` is BM25, 0 if no word of the query made the
    passage a keyword hit. `cosine` (of the passage) and `sentence_cosine` (of its best
    sentence) are None until it is embedded. `sentence_relevance` (0..1, cosine and shared
    words) has one entry for each of the chunk's sentences.
    """

    chunk: ChunkEvidence
    score: float
    keyword_score: float
    cosine: float | None
    sentence_cosine: float | None
    sentence_relevance: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Ranked:
    score: float
    keyword_score: float
    cosine: float
    sentence_cosines: FloatVector | None
    """None if the passage is not embedded: then `cosine` means nothing."""
    chunk: ChunkEvidence

    def sentences(self) -> PassageSentences:
        """Return its sentences as the scorer takes them."""
        texts = [self.chunk.text[start:end] for start, end in self.chunk.sentences]
        return PassageSentences(texts, self.sentence_cosines)

    def best_sentence(self) -> tuple[str, int, int] | None:
        """Return where the best sentence lies: document and code points in its text."""
        if self.sentence_cosines is None:
            return None
        start, end = self.chunk.sentences[int(self.sentence_cosines.argmax())]
        return self.chunk.document_id, self.chunk.start + start, self.chunk.start + end


class Searcher:
    """Finds a user's passages. Safe to call from several threads."""

    def __init__(
        self, index: SearchIndex, embedder: Embedder, passages: PassageSource, config: Config
    ) -> None:
        self._finder = CandidateFinder(index, embedder, config.rag_candidates)
        self._passages = passages
        self._dense_weight = config.rag_dense_weight
        self._sentence_weight = config.rag_sentence_weight
        self._exact_weight = config.rag_exact_weight
        self._default_limit = config.rag_max_document_results
        self._scorer = SentenceScorer(KeywordEncoder())

    def search(
        self,
        *,
        user_id: str,
        query: str,
        document_ids: Sequence[str] | None = None,
        limit: int | None = None,
    ) -> list[SearchResult]:
        """Return the passages that answer `query` best, best first.

        `document_ids` narrows the search to these documents; None or empty: all of the
        user's. `limit` defaults to RAG_MAX_DOCUMENT_RESULTS. A query without any letter or
        digit finds nothing.

        Raises:
            Unavailable: the index cannot be reached.
        """
        if not any(character.isalnum() for character in query):
            return []
        wanted = self._default_limit if limit is None else limit
        where = SearchFilter(user_id, tuple(document_ids) if document_ids else None)
        found, query_vector = self._finder.find(query, where)
        if not found.ids or not wanted:
            return []
        looked_at = max(_LOOKED_AT, _SPARE * wanted)
        ranked = self._rank(user_id, query, found, query_vector, looked_at)
        best = _without_repetitions(ranked, wanted)
        relevance = self._scorer.score(query, [item.sentences() for item in best])
        return [_result(item, own) for item, own in zip(best, relevance, strict=True)]

    def _rank(
        self,
        user_id: str,
        query: str,
        found: Candidates,
        query_vector: FloatVector | None,
        limit: int,
    ) -> list[_Ranked]:
        """Return the `limit` most promising that belong to the user, best first; ties in
        reading order.

        Reading the rows of all candidates would take most of a search's time; until they are
        read, a passage's own cosine stands for its best sentence's.
        """
        keyword = normalise(found.keyword, 0.0) if found.keyword.any() else found.keyword
        floor = 0.0 if np.isnan(found.cosine).all() else float(np.nanmin(found.cosine))
        dense = normalise(found.cosine, floor)
        order = np.argsort(-self._fuse(keyword, dense, dense), kind="stable")[:limit]
        rows = {
            row.id: row
            for row in self._passages.load_evidence(user_id, [found.ids[n] for n in order])
        }
        places = [int(n) for n in order if found.ids[n] in rows]
        chunks = [rows[found.ids[n]] for n in places]
        own = self._sentence_cosines(chunks, query_vector)
        best = np.array([np.nan if c is None else c.max() for c in own], np.float32)
        # A passage whose vectors are another model's is judged by its words, whatever vector
        # the index may still have.
        scores = self._fuse(
            keyword[places],
            np.where(np.isnan(best), best, dense[places]),
            normalise(best, floor),
        )
        exact = ExactTerms(query)
        bonus = self._exact_weight * exact.strength
        ranked = [
            _Ranked(
                (float(score) + bonus * exact.share(_searched(chunk))) / (1.0 + bonus),
                float(found.keyword[n]),
                float(found.cosine[n]),
                cosines,
                chunk,
            )
            for n, score, cosines, chunk in zip(places, scores, own, chunks, strict=True)
        ]
        ranked.sort(key=lambda item: (-item.score, item.chunk.document_id, item.chunk.ordinal))
        return ranked

    def _fuse(self, keyword: FloatVector, dense: FloatVector, sentence: FloatVector) -> FloatVector:
        return fuse(
            keyword,
            dense,
            sentence,
            dense_weight=self._dense_weight,
            sentence_weight=self._sentence_weight,
        )

    def _sentence_cosines(
        self, chunks: Sequence[ChunkEvidence], query_vector: FloatVector | None
    ) -> list[FloatVector | None]:
        """Return the cosines of each passage's sentences; None if it is not embedded."""
        if query_vector is None:
            return [None] * len(chunks)
        dimension = len(query_vector)
        packed = [chunk.sentence_vectors or b"" for chunk in chunks]
        ends = np.cumsum([len(data) // dimension for data in packed], dtype=int)
        together = sentence_cosines(
            unpack_sentence_vectors(b"".join(packed), dimension), query_vector
        )
        parts = np.split(together, ends[:-1]) if chunks else []
        return [part if part.size else None for part in parts]


def _result(ranked: _Ranked, relevance: tuple[float, ...]) -> SearchResult:
    own = ranked.sentence_cosines
    return SearchResult(
        chunk=ranked.chunk,
        score=ranked.score,
        keyword_score=ranked.keyword_score,
        cosine=None if own is None else ranked.cosine,
        sentence_cosine=None if own is None else float(own.max()),
        sentence_relevance=relevance,
    )


def _searched(chunk: ChunkEvidence) -> str:
    return "\n".join((PurePath(chunk.filename).stem, chunk.heading, chunk.text))


def _without_repetitions(ranked: Sequence[_Ranked], wanted: int) -> list[_Ranked]:
    """Return the first `wanted` that do not only repeat, and, if they are too few, behind them
    the first that do: neighbours overlap by whole sentences, so the best sentence of one may
    be that of a better one, or the same text may recur, also in another version of a document.
    """
    seen: set[object] = set()
    first: list[_Ranked] = []
    repeated: list[_Ranked] = []
    for item in ranked:
        if len(first) == wanted:
            break
        marks = {item.best_sentence(), " ".join(item.chunk.text.casefold().split())}
        marks.discard(None)
        (first if seen.isdisjoint(marks) else repeated).append(item)
        seen |= marks
    return (first + repeated)[:wanted]
