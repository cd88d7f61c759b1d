"""A set's library opened for experiments: the product's search, whose parts can be exchanged.

What all ideas ask alike is remembered: the questions' vectors, the hits of the product's index
and the passages' rows. So an idea costs little, and times mean nothing here.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from backend.chat.retrieval import Search
from backend.config import Config
from backend.embedding_models import EmbeddingModels
from backend.evaluation.command import OpenLibrary
from backend.evaluation.corpus import Library
from backend.evaluation.embedding_cache import CachedEmbedder
from backend.files import FileStore
from backend.index_rows import IndexRows, PassageRows
from backend.store.base import FloatVector, Hit, IndexPoint, SearchFilter, SearchIndex
from backend.store.edge import EdgeIndex
from backend.store.embeddings import Embedder
from backend.store.keywords import KeywordEncoder
from backend.store.search import ChunkEvidence, PassageSource, Searcher, SearchResult

_VECTORS = "vectors.db"  # where `docchat eval` keeps them, too
_DOCUMENTS_PER_UPSERT = 256
_ALL_ORDINALS = 1_000_000


@dataclass(frozen=True, slots=True)
class Idea:
    """One way to search. `open` gives it for a lab; `sees_previous`: follow-ups are expanded."""

    name: str
    description: str
    open: Callable[["Lab"], AbstractContextManager[Search]]
    sees_previous: bool = True


class IdeaIndex(EdgeIndex):
    """The embedded index, with other weights of words if an `encoder` is given; it remembers
    what it was asked, and must not change after the first question."""

    def __init__(
        self, directory: Path, dimension: int, encoder: KeywordEncoder | None = None
    ) -> None:
        super().__init__(directory, dimension)
        if encoder is not None:
            self._encoder = encoder
        self._asked: dict[object, list[Hit]] = {}

    def search_keywords(self, query: str, where: SearchFilter, limit: int) -> list[Hit]:
        key = (query, where, limit)
        if key not in self._asked:
            self._asked[key] = super().search_keywords(query, where, limit)
        return self._asked[key]

    def search_dense(self, vector: FloatVector, where: SearchFilter, limit: int) -> list[Hit]:
        key = (vector.tobytes(), where, limit)
        if key not in self._asked:
            self._asked[key] = super().search_dense(vector, where, limit)
        return self._asked[key]


class RememberedPassages(PassageSource):
    """The passages' rows of one user, each read once."""

    def __init__(self, rows: PassageSource) -> None:
        self._rows = rows
        self._evidence: dict[str, ChunkEvidence] = {}

    def load_evidence(self, user_id: str, chunk_ids: Sequence[str]) -> list[ChunkEvidence]:
        new = [id_ for id_ in chunk_ids if id_ not in self._evidence]
        if new:
            self._evidence.update((row.id, row) for row in self._rows.load_evidence(user_id, new))
        return [self._evidence[id_] for id_ in chunk_ids]


class Questions(Embedder):
    """The product's model for questions: one text at a time, each embedded once."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.name = embedder.name
        self._known: dict[str, FloatVector] = {}

    @property
    def dimension(self) -> int:
        return self._embedder.dimension

    def embed(self, texts: Sequence[str]) -> FloatVector:
        for text in texts:
            if text not in self._known:
                self._known[text] = self._embedder.embed([text])[0]
        return np.stack([self._known[text] for text in texts])

    def close(self) -> None:
        """Its owner closes the model."""


class Lab:
    """The parts of one set's search. Ideas take them, exchange some, and search."""

    def __init__(
        self,
        config: Config,
        library: Library,
        index: SearchIndex,
        rows: IndexRows,
        passages: PassageSource,
        texts: CachedEmbedder,
        questions: Questions,
    ) -> None:
        self.config = config
        self.library = library
        self.index = index
        self.passages = passages
        self.texts = texts
        """Embeds passages and their parts; kept between runs."""
        self.questions = questions
        self._rows = rows
        self._product = self.search()
        self._found: dict[object, list[SearchResult]] = {}

    def found(
        self, user_id: str, query: str, document_ids: Sequence[str] | None, limit: int
    ) -> list[SearchResult]:
        """Return what the product finds; each question is asked once."""
        key = (user_id, query, tuple(document_ids or ()), limit)
        if key not in self._found:
            self._found[key] = self._product(
                user_id=user_id, query=query, document_ids=document_ids, limit=limit
            )
        return self._found[key]

    def search(
        self,
        searcher: type[Searcher] = Searcher,
        *,
        index: SearchIndex | None = None,
        passages: PassageSource | None = None,
        questions: Embedder | None = None,
        **settings: Any,
    ) -> Search:
        """Return the search with other parts; without any it is the product's."""
        return searcher(
            index or self.index,
            questions or self.questions,
            passages or self.passages,
            self.config.model_copy(update=settings),
        ).search

    @contextmanager
    def reindexed(
        self,
        change: Callable[[list[IndexPoint], list[ChunkEvidence]], list[IndexPoint]],
        encoder: KeywordEncoder | None = None,
    ) -> Iterator[SearchIndex]:
        """Give another index, filled with the changed points of all passages.

        `change` is given points and, in the same order, their passages.
        """
        with tempfile.TemporaryDirectory(prefix="docchat-idea-") as folder:
            index = IdeaIndex(Path(folder) / "index", self.texts.dimension, encoder)
            ids = list(self.library.entry_ids)
            for first in range(0, len(ids), _DOCUMENTS_PER_UPSERT):
                points = [
                    point
                    for id_ in ids[first : first + _DOCUMENTS_PER_UPSERT]
                    for point in self._rows.load_points(id_, 0, _ALL_ORDINALS)
                ]
                evidence = self.passages.load_evidence(
                    self.library.user_id, [point.id for point in points]
                )
                index.upsert(change(points, evidence))
            try:
                yield index
            finally:
                index.close()


@contextmanager
def open_lab(opened: OpenLibrary, root: Path) -> Iterator[Lab]:
    """Give the lab of a library that was opened below the folder `root`."""
    config, database = opened.config, opened.database
    models = EmbeddingModels(config, database)
    model = models.adopt().serving
    with ExitStack() as stack:
        embedder = models.open(model)
        texts = CachedEmbedder(embedder, root / _VECTORS)
        stack.callback(texts.close)  # and the model with it
        # An evaluation's index is the embedded one, and there is one model.
        [folder] = config.index_dir.iterdir()
        index = IdeaIndex(folder, embedder.dimension)
        stack.callback(index.close)
        rows = IndexRows(database, FileStore(config.files_dir), model.name)
        passages = RememberedPassages(PassageRows(database, model.name))
        yield Lab(config, opened.library, index, rows, passages, texts, Questions(embedder))
