"""The passages that come into question, with both scores for each of them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from backend.store.base import FloatVector, Hit, SearchFilter, SearchIndex


@dataclass(frozen=True, slots=True)
class Candidates:
    """Passages found by either search; arrays have shape (passages,).

    `keyword` is BM25, 0 without a common word; `cosine` is NaN if a passage has no vector.
    """

    ids: list[str]
    keyword: FloatVector
    cosine: FloatVector


def find_candidates(
    index: SearchIndex, query: str, vector: FloatVector | None, where: SearchFilter, limit: int
) -> Candidates:
    """Return the best `limit` of each search; a hit of one gets the other's score as well.

    Raises:
        Unavailable: the index cannot be reached.
    """
    by_words = index.search_keywords(query, where, limit)
    by_meaning = [] if vector is None else index.search_dense(vector, where, limit)
    keyword, cosine = _scores(by_words), _scores(by_meaning)
    # Fewer hits than asked for are all there are.
    only_meaning = tuple(id_ for id_ in cosine if id_ not in keyword)
    if only_meaning and len(by_words) >= limit:
        among = replace(where, chunk_ids=only_meaning)
        keyword |= _scores(index.search_keywords(query, among, len(only_meaning)))
    only_words = tuple(id_ for id_ in keyword if id_ not in cosine)
    if vector is not None and only_words and len(by_meaning) >= limit:
        among = replace(where, chunk_ids=only_words)
        cosine |= _scores(index.search_dense(vector, among, len(only_words)))
    ids = list(dict.fromkeys([*keyword, *cosine]))
    return Candidates(
        ids,
        np.array([keyword.get(id_, 0.0) for id_ in ids], np.float32),
        np.array([cosine.get(id_, np.nan) for id_ in ids], np.float32),
    )


def _scores(hits: Iterable[Hit]) -> dict[str, float]:
    return {hit.id: hit.score for hit in hits}
