"""An embedding model and its search index with all that works on them."""

from dataclasses import dataclass
from typing import Self

from backend.config import Config
from backend.db.repositories.embedding_models import ModelRecord
from backend.db.session import Database
from backend.embedding_models import EmbeddingModels
from backend.files import FileStore
from backend.index_rows import IndexRows, PassageRows
from backend.store.base import SearchIndex
from backend.store.embeddings import Embedder
from backend.store.indexer import Indexer
from backend.store.registry import open_index, remove_index
from backend.store.search import Searcher


@dataclass(frozen=True, slots=True)
class Foundation:
    """What every model's parts are built on."""

    config: Config
    database: Database
    file_store: FileStore
    models: EmbeddingModels


@dataclass(frozen=True, slots=True)
class SearchParts:
    """One model's parts. The indexer is not started; `close` ends them all."""

    embedder: Embedder
    index: SearchIndex
    rows: IndexRows
    indexer: Indexer
    searcher: Searcher

    @classmethod
    def open(cls, foundation: Foundation, model: ModelRecord, *, anew: bool = False) -> Self:
        """Load the model and open its index; `anew` removes what there is of the index before.

        Raises:
            ConfigurationError: the model's file is missing, or the embedded index is in use by
                another process or not writable.
            Unavailable: the cluster cannot be reached.
            EmbeddingUnavailable, EmbeddingRefused: the model's server had to be asked for the
                dimension of its vectors.
        """
        embedder = foundation.models.open(model)
        try:
            foundation.models.note_dimension(model, embedder)
            if anew:
                remove_index(foundation.config, model.name)
            index = open_index(foundation.config, model.name, embedder.dimension)
        except BaseException:
            embedder.close()
            raise
        rows = IndexRows(foundation.database, foundation.file_store, model.name)
        passages = PassageRows(foundation.database, model.name)
        return cls(
            embedder=embedder,
            index=index,
            rows=rows,
            indexer=Indexer(index, rows, foundation.config.index_poll_ms),
            searcher=Searcher(index, embedder, passages, foundation.config),
        )

    def end_indexing(self) -> None:
        """Stop the indexer and let another process carry out the tasks; searching goes on."""
        self.indexer.stop()
        self.rows.close()

    def close(self) -> None:
        """End everything; searching raises `Unavailable` from now on."""
        self.end_indexing()
        self.index.close()
        self.embedder.close()
