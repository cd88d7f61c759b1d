"""Hybrid search: BM25 and embeddings, fused, with the evidence for every passage."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from backend.config import Config
from backend.errors import EmbeddingRefused, EmbeddingUnavailable
from backend.store.base import FloatVector, SearchFilter, SearchIndex
from backend.store.embeddings import Embedder
from backend.store.fusion import fuse
from backend.store.keywords import KeywordEncoder
from backend.store.relevance import PassageSentences, SentenceScorer
from backend.store.vectors import sentence_cosines, unpack_sentence_vectors, unpack_vector

logger = logging.getLogger(__name__)

# So many times more passages than wanted are read, since some only repeat others.
_SPARE: Final = 3


@dataclass(frozen=True, slots=True)
class ChunkVectors:
    """A passage's vectors, packed as by `store.vectors`; None until it is embedded.

    `vector` is float32, `sentence_vectors` int8 with one row a sentence.
    """

    id: str
    embedding_model: str | None
    vector: bytes | None
    sentence_vectors: bytes | None


@dataclass(frozen=True, slots=True)
class ChunkEvidence:
    """A passage's row, as much of it as an answer needs.

    `text` is the document's text from `start` to `end` (code points). `page_spans` holds
    (page, start, end) triples and `sentences` (start, end) pairs within `text`.
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
    """Reads passages' rows; `app.py` supplies it.

    Both methods return the rows of `chunk_ids` that belong to `user_id`, in any order;
    foreign, unknown and deleted passages, and those of documents marked deleted, are absent.
    """

    def load_vectors(self, user_id: str, chunk_ids: Sequence[str]) -> Sequence[ChunkVectors]:
        """Asked for a few hundred ids at a time: every candidate of a search."""

    def load_evidence(self, user_id: str, chunk_ids: Sequence[str]) -> Sequence[ChunkEvidence]:
        """Asked for a few dozen ids at a time: the candidates that may be returned."""


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
    id: str
    keyword_score: float
    cosine: float
    """NaN, like `sentence_cosine`, if the passage is not embedded."""
    sentence_cosine: float
    sentence_cosines: FloatVector | None


@dataclass(frozen=True, slots=True)
class _Ranked:
    score: float
    candidate: _Candidate
    chunk: ChunkEvidence

    def sentences(self) -> PassageSentences:
        """Return its sentences as the scorer takes them."""
        texts = [self.chunk.text[start:end] for start, end in self.chunk.sentences]
        return PassageSentences(texts, self.candidate.sentence_cosines)

    def best_sentence(self) -> tuple[str, int, int] | None:
        """Return where the best sentence lies: document and code points in its text."""
        if self.candidate.sentence_cosines is None:
            return None
        start, end = self.chunk.sentences[int(self.candidate.sentence_cosines.argmax())]
        return self.chunk.document_id, self.chunk.start + start, self.chunk.start + end


class Searcher:
    """Finds a user's passages. Safe to call from several threads."""

    def __init__(
        self, index: SearchIndex, embedder: Embedder, passages: PassageSource, config: Config
    ) -> None:
        self._index = index
        self._embedder = embedder
        self._passages = passages
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
        query_vector = self._vector_of(query)
        keyword_scores = {
            hit.id: hit.score for hit in self._index.search_keywords(query, where, self._candidates)
        }
        dense_hits = []
        if query_vector is not None:
            dense_hits = self._index.search_dense(query_vector, where, self._candidates)
        ids = list(dict.fromkeys([*keyword_scores, *(hit.id for hit in dense_hits)]))
        if not ids:
            return []
        rows = self._passages.load_vectors(user_id, ids)
        candidates = self._candidates_of(rows, keyword_scores, query_vector)
        scores = fuse(
            np.array([c.keyword_score for c in candidates], np.float32),
            np.array([c.cosine for c in candidates], np.float32),
            np.array([c.sentence_cosine for c in candidates], np.float32),
            dense_weight=self._dense_weight,
            sentence_weight=self._sentence_weight,
        )
        wanted = self._default_limit if limit is None else limit
        ranked = self._load_best(
            user_id, zip(scores.tolist(), candidates, strict=True), _SPARE * wanted
        )
        best = _repetitions_last(ranked)[:wanted]
        relevance = self._scorer.score(query, [item.sentences() for item in best])
        return [_result(item, own) for item, own in zip(best, relevance, strict=True)]

    def _vector_of(self, query: str) -> FloatVector | None:
        """Return the query's vector, or None while the embedding server cannot give one:
        passages are found by keyword then."""
        try:
            vector: FloatVector = self._embedder.embed([query])[0]
        except (EmbeddingUnavailable, EmbeddingRefused):
            logger.warning("search goes by keywords only")
            return None
        return vector

    def _candidates_of(
        self,
        rows: Sequence[ChunkVectors],
        keyword_scores: Mapping[str, float],
        query_vector: FloatVector | None,
    ) -> list[_Candidate]:
        """Score each row, in any order; all vectors at once, which saves 3 ms."""
        if query_vector is None:
            nan = float("nan")
            return [
                _Candidate(row.id, keyword_scores.get(row.id, 0.0), nan, nan, None) for row in rows
            ]
        name, dimension = self._embedder.name, self._embedder.dimension
        vectors, sentence_vectors, embedded_ids = [], [], []
        for row in rows:
            if row.embedding_model == name and row.vector and row.sentence_vectors:
                vectors.append(row.vector)
                sentence_vectors.append(row.sentence_vectors)
                embedded_ids.append(row.id)
        cosines = unpack_vector(b"".join(vectors)).reshape(-1, dimension) @ query_vector
        packed = unpack_sentence_vectors(b"".join(sentence_vectors), dimension)
        ends = np.cumsum([len(data) // dimension for data in sentence_vectors], dtype=int)
        by_passage = np.split(sentence_cosines(packed, query_vector), ends[:-1])
        bare_ids = {row.id for row in rows}.difference(embedded_ids)
        return [
            *(
                _Candidate(id_, keyword_scores.get(id_, 0.0), cosine, float(own.max()), own)
                for id_, cosine, own in zip(
                    # np.split gives one empty part for no passage at all
                    embedded_ids,
                    cosines.tolist(),
                    by_passage,
                    strict=False,
                )
            ),
            *(
                _Candidate(id_, keyword_scores.get(id_, 0.0), float("nan"), float("nan"), None)
                for id_ in bare_ids
            ),
        ]

    def _load_best(
        self, user_id: str, scored: Iterable[tuple[float, _Candidate]], limit: int
    ) -> list[_Ranked]:
        """Return the `limit` best with their rows, best first; ties in reading order."""
        best = sorted(scored, key=lambda pair: -pair[0])[:limit]
        rows = {
            row.id: row for row in self._passages.load_evidence(user_id, [c.id for _, c in best])
        }
        ranked = [_Ranked(score, c, rows[c.id]) for score, c in best if c.id in rows]
        ranked.sort(key=lambda item: (-item.score, item.chunk.document_id, item.chunk.ordinal))
        return ranked


def _result(ranked: _Ranked, relevance: tuple[float, ...]) -> SearchResult:
    candidate = ranked.candidate
    embedded = candidate.sentence_cosines is not None
    return SearchResult(
        chunk=ranked.chunk,
        score=ranked.score,
        keyword_score=candidate.keyword_score,
        cosine=candidate.cosine if embedded else None,
        sentence_cosine=candidate.sentence_cosine if embedded else None,
        sentence_relevance=relevance,
    )


def _repetitions_last(ranked: Sequence[_Ranked]) -> list[_Ranked]:
    """Move behind all others what only repeats: neighbours overlap by whole sentences, so
    the best sentence of one may be that of a better one, or the same text may recur."""
    seen: set[object] = set()
    first: list[_Ranked] = []
    repeated: list[_Ranked] = []
    for item in ranked:
        marks = {item.best_sentence(), (item.chunk.document_id, item.chunk.text)}
        marks.discard(None)
        (first if seen.isdisjoint(marks) else repeated).append(item)
        seen |= marks
    return first + repeated
