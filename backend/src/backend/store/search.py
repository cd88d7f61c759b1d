"""Hybrid search: BM25 and embeddings, fused, with the evidence for every passage."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from backend.config import Config
from backend.store.base import FloatVector, SearchFilter, SearchIndex
from backend.store.embeddings import Embedder
from backend.store.fusion import fuse
from backend.store.keywords import KeywordEncoder
from backend.store.relevance import SentenceScorer
from backend.store.vectors import sentence_cosines, unpack_sentence_vectors, unpack_vector


@dataclass(frozen=True, slots=True)
class ChunkEvidence:
    """A passage's row, as much of it as an answer needs.

    `text` is the document's text from `start` to `end` (code points). `page_spans` holds
    (page, start, end) triples and `sentences` (start, end) pairs within `text`.
    `vector` (float32) and `sentence_vectors` (int8, one row a sentence) are packed as by
    `store.vectors`, and None until the passage is embedded.
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
    embedding_model: str | None
    vector: bytes | None
    sentence_vectors: bytes | None


class LoadChunks(Protocol):
    """Reads passages' rows; `app.py` supplies it."""

    def __call__(self, user_id: str, chunk_ids: Sequence[str]) -> Sequence[ChunkEvidence]:
        """Return the rows of `chunk_ids` that belong to `user_id`, in any order.

        Foreign, unknown and deleted passages, and those of documents marked deleted, are
        absent. Asked for a few hundred ids at a time, in one query.
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
class _Candidate:
    chunk: ChunkEvidence
    keyword_score: float
    cosine: float
    """NaN, like `sentence_cosine`, if the passage is not embedded."""
    sentence_cosine: float
    sentence_cosines: FloatVector | None

    def best_sentence(self) -> tuple[str, int, int] | None:
        """Return where the best sentence lies: document and code points in its text."""
        if self.sentence_cosines is None:
            return None
        start, end = self.chunk.sentences[int(self.sentence_cosines.argmax())]
        return self.chunk.document_id, self.chunk.start + start, self.chunk.start + end


class Searcher:
    """Finds a user's passages. Safe to call from several threads."""

    def __init__(
        self, index: SearchIndex, embedder: Embedder, load_chunks: LoadChunks, config: Config
    ) -> None:
        self._index = index
        self._embedder = embedder
        self._load_chunks = load_chunks
        self._candidates = config.rag_candidates
        self._dense_weight = config.rag_dense_weight
        self._sentence_weight = config.rag_sentence_weight
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
        where = SearchFilter(user_id, tuple(document_ids) if document_ids else None)
        query_vector = self._embedder.embed([query])[0]
        keyword_scores = {
            hit.id: hit.score for hit in self._index.search_keywords(query, where, self._candidates)
        }
        dense_hits = self._index.search_dense(query_vector, where, self._candidates)
        ids = list(dict.fromkeys([*keyword_scores, *(hit.id for hit in dense_hits)]))
        if not ids:
            return []
        candidates = [
            self._candidate(chunk, keyword_scores.get(chunk.id, 0.0), query_vector)
            for chunk in self._load_chunks(user_id, ids)
        ]
        scores = fuse(
            np.array([c.keyword_score for c in candidates], np.float32),
            np.array([c.cosine for c in candidates], np.float32),
            np.array([c.sentence_cosine for c in candidates], np.float32),
            dense_weight=self._dense_weight,
            sentence_weight=self._sentence_weight,
        )
        ranked = sorted(
            zip(scores.tolist(), candidates, strict=True),
            key=lambda pair: (-pair[0], pair[1].chunk.document_id, pair[1].chunk.ordinal),
        )
        wanted = self._default_limit if limit is None else limit
        return [
            self._result(query, candidate, score)
            for score, candidate in _repetitions_last(ranked)[:wanted]
        ]

    def _candidate(
        self, chunk: ChunkEvidence, keyword_score: float, query_vector: FloatVector
    ) -> _Candidate:
        embedded = chunk.embedding_model == self._embedder.name
        if not embedded or chunk.vector is None or not chunk.sentence_vectors:
            return _Candidate(chunk, keyword_score, float("nan"), float("nan"), None)
        rows = unpack_sentence_vectors(chunk.sentence_vectors, self._embedder.dimension)
        cosines = sentence_cosines(rows, query_vector)
        return _Candidate(
            chunk,
            keyword_score,
            float(unpack_vector(chunk.vector) @ query_vector),
            float(cosines.max()),
            cosines,
        )

    def _result(self, query: str, candidate: _Candidate, score: float) -> SearchResult:
        chunk = candidate.chunk
        sentences = [chunk.text[start:end] for start, end in chunk.sentences]
        embedded = candidate.sentence_cosines is not None
        return SearchResult(
            chunk=chunk,
            score=score,
            keyword_score=candidate.keyword_score,
            cosine=candidate.cosine if embedded else None,
            sentence_cosine=candidate.sentence_cosine if embedded else None,
            sentence_relevance=self._scorer.score(query, sentences, candidate.sentence_cosines),
        )


def _repetitions_last(
    ranked: Sequence[tuple[float, _Candidate]],
) -> list[tuple[float, _Candidate]]:
    """Move behind all others what only repeats: neighbours overlap by whole sentences, so
    the best sentence of one may be that of a better one, or the same text may recur."""
    seen: set[object] = set()
    first: list[tuple[float, _Candidate]] = []
    repeated: list[tuple[float, _Candidate]] = []
    for score, candidate in ranked:
        marks = {candidate.best_sentence(), (candidate.chunk.document_id, candidate.chunk.text)}
        marks.discard(None)
        (first if seen.isdisjoint(marks) else repeated).append((score, candidate))
        seen |= marks
    return first + repeated
