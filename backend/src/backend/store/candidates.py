"""The passages that come into question, with both scores for each of them."""

import logging
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from backend.errors import EmbeddingRefused, EmbeddingUnavailable
from backend.store.base import FloatVector, Hit, SearchFilter, SearchIndex
from backend.store.embeddings import Embedder

logger = logging.getLogger(__name__)

_THREADS: Final = 4  # searches at the same time whose keywords need not wait


@dataclass(frozen=True, slots=True)
class Candidates:
    """Passages found by either search; arrays have shape (passages,).

    `keyword` is BM25, 0 without a common word; `cosine` is NaN if a passage has no vector.
    """

    ids: list[str]
    keyword: FloatVector
    cosine: FloatVector


class CandidateFinder:
    """Asks both searches, at the same time where neither needs the other's answer.

    Queries of the index and the embedding release Python's lock, so two threads do gain.
    """

    def __init__(self, index: SearchIndex, embedder: Embedder, limit: int) -> None:
        """`limit` passages are taken from each search."""
        self._index = index
        self._embedder = embedder
        self._limit = limit
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="keyword-search")

    def find(self, query: str, where: SearchFilter) -> tuple[Candidates, FloatVector | None]:
        """Return the best of each search and the query's vector.

        A hit of one search gets the other's score as well. While the embedding server cannot
        give a vector, there is none, and words alone decide.

        Raises:
            Unavailable: the index cannot be reached.
        """
        words = self._threads.submit(self._by_words, query, where, self._limit)
        vector = self._embed(query)
        cosine = {} if vector is None else self._by_meaning(vector, where, self._limit)
        keyword = words.result()
        # Fewer hits than asked for are all there are.
        only_meaning = tuple(id_ for id_ in cosine if id_ not in keyword)
        only_words = tuple(id_ for id_ in keyword if id_ not in cosine)
        more_words = None
        if only_meaning and len(keyword) >= self._limit:
            among = replace(where, chunk_ids=only_meaning)
            more_words = self._threads.submit(self._by_words, query, among, len(only_meaning))
        if vector is not None and only_words and len(cosine) >= self._limit:
            among = replace(where, chunk_ids=only_words)
            cosine |= self._by_meaning(vector, among, len(only_words))
        if more_words is not None:
            keyword |= more_words.result()
        ids = list(dict.fromkeys([*keyword, *cosine]))
        found = Candidates(
            ids,
            np.array([keyword.get(id_, 0.0) for id_ in ids], np.float32),
            np.array([cosine.get(id_, np.nan) for id_ in ids], np.float32),
        )
        return found, vector

    def _embed(self, query: str) -> FloatVector | None:
        try:
            vector: FloatVector = self._embedder.embed([query])[0]
        except (EmbeddingUnavailable, EmbeddingRefused):
            logger.warning("search goes by keywords only")
            return None
        return vector

    def _by_words(self, query: str, where: SearchFilter, limit: int) -> dict[str, float]:
        return _scores(self._index.search_keywords(query, where, limit))

    def _by_meaning(self, vector: FloatVector, where: SearchFilter, limit: int) -> dict[str, float]:
        return _scores(self._index.search_dense(vector, where, limit))


def _scores(hits: Iterable[Hit]) -> dict[str, float]:
    return {hit.id: hit.score for hit in hits}
