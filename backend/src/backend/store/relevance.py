"""How well single sentences answer a question."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from backend.store.base import FloatVector
from backend.store.keywords import KeywordEncoder

_COSINE_WEIGHT: Final = 0.5


class SentenceScorer:
    """Scores sentences against a query by meaning (cosine) and by shared words."""

    def __init__(self, encoder: KeywordEncoder) -> None:
        self._encoder = encoder

    def score(
        self, query: str, sentences: Sequence[str], cosines: FloatVector | None
    ) -> tuple[float, ...]:
        """Return a relevance from 0 to 1 for each sentence.

        `cosines` has shape (len(sentences),); None leaves the shared words alone to decide.
        """
        wanted = set(self._encoder.query(query).indices)
        overlap = np.array([self._overlap(wanted, text) for text in sentences], np.float32)
        if cosines is None:
            return tuple(overlap.tolist())
        mixed = _COSINE_WEIGHT * np.maximum(cosines, 0.0) + (1.0 - _COSINE_WEIGHT) * overlap
        return tuple(mixed.tolist())

    def _overlap(self, wanted: set[int], sentence: str) -> float:
        """Return the share of the query's words, stemmed and without stop words, in `sentence`."""
        if not wanted:
            return 0.0
        return len(wanted.intersection(self._encoder.query(sentence).indices)) / len(wanted)
