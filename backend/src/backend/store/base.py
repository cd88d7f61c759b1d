"""The contract of the search index: a derived, rebuildable map from passages to scores.

The index knows ids, owners and vectors, never text to be shown: hits are resolved
against the database's rows by `store.search`.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatVector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class IndexPoint:
    """A passage as the index takes it. `id` is a UUID, the passage's own.

    `keyword_text` is what BM25 sees; the words of each text of `context` count besides, as its
    weight says (1: like its own). `vector` has unit length, shape (dimension,), and is None
    until the passage is embedded. `labels` and `time` (seconds since 1970) can be asked for by
    a filter.
    """

    id: str
    user_id: str
    document_id: str
    keyword_text: str
    vector: FloatVector | None = None
    context: tuple[tuple[str, float], ...] = ()
    labels: tuple[str, ...] = ()
    time: int | None = None


@dataclass(frozen=True, slots=True)
class SearchFilter:
    """Whose passages, of which documents and which of them (None: all of that user's).

    Also: of none of `except_document_ids`, with all of `labels`, from `since` on and from
    before `until`.
    """

    user_id: str
    document_ids: tuple[str, ...] | None = None
    chunk_ids: tuple[str, ...] | None = None
    except_document_ids: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A point and its raw score (BM25 or cosine); higher is better."""

    id: str
    score: float


class SearchIndex(ABC):
    """Keyword and dense search over passages. Safe to call from several threads.

    Searching and counting raise `Unavailable` when the index cannot be reached or is closed.
    """

    @abstractmethod
    def upsert(self, points: Sequence[IndexPoint]) -> None:
        """Insert or replace `points`; durable when it returns."""

    @abstractmethod
    def delete_document(self, document_id: str) -> None:
        """Remove every point of a document; durable when it returns."""

    @abstractmethod
    def search_keywords(self, query: str, where: SearchFilter, limit: int) -> list[Hit]:
        """Return the best BM25 hits, best first. Text without any word gives none."""

    @abstractmethod
    def search_dense(self, vector: FloatVector, where: SearchFilter, limit: int) -> list[Hit]:
        """Return the nearest points by cosine similarity, best first."""

    @abstractmethod
    def count(self, where: SearchFilter | None = None) -> int:
        """Return how many points there are."""

    @abstractmethod
    def count_by_document(self, *, with_vector: bool = False) -> dict[str, int]:
        """Return how many points each document has, or how many of them have a vector."""

    @abstractmethod
    def reset(self) -> None:
        """Begin anew without any point; `needs_rebuild` from now on.

        Searching may raise `Unavailable` meanwhile.
        """

    @property
    @abstractmethod
    def needs_rebuild(self) -> bool:
        """Whether the index was made anew and nobody has yet enqueued all passages for it."""

    @abstractmethod
    def rebuild_enqueued(self) -> None:
        """Record for good that every passage now stands in the outbox or in the index."""

    @abstractmethod
    def flush(self) -> None:
        """Do pending housekeeping, so that a restart is fast; nothing is lost without it."""

    @abstractmethod
    def compact(self, share: float) -> None:
        """Save memory and time for the next start, if that has become worth it; what is written
        meanwhile waits, searches do not.

        Nothing happens unless some thousands of points, and `share` of them all, are new.
        """

    @abstractmethod
    def close(self) -> None:
        """Flush and release everything; searching raises `Unavailable` from now on."""
