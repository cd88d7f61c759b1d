"""Questions' vectors, each made once: an answer searches documents and memory for the same one."""

import functools
from collections.abc import Sequence
from typing import Final

import numpy as np

from backend.store.base import FloatVector
from backend.store.embeddings import Embedder

_REMEMBERED: Final = 64  # questions; between its two searches others may be asked


class QueryEmbedder(Embedder):
    """An embedder that remembers the vectors of the last single texts. A failure is not kept."""

    def __init__(self, embedder: Embedder) -> None:
        """`embedder` makes the vectors; it is closed with this one."""
        self.name = embedder.name
        self.texts_per_call = embedder.texts_per_call
        self._embedder = embedder
        self._vector = functools.lru_cache(_REMEMBERED)(functools.partial(_vector, embedder))

    @property
    def dimension(self) -> int:
        return self._embedder.dimension

    def embed(self, texts: Sequence[str]) -> FloatVector:
        if len(texts) == 1:
            return self._vector(texts[0])[np.newaxis]
        return self._embedder.embed(texts)

    def close(self) -> None:
        self._vector.cache_clear()
        self._embedder.close()


def _vector(embedder: Embedder, text: str) -> FloatVector:
    vector: FloatVector = embedder.embed([text])[0]
    vector.flags.writeable = False  # several searches share it
    return vector
