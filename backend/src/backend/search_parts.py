"""An embedding model and its search index with all that works on them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from backend.config import Config
from backend.db.repositories.embedding_models import ModelRecord
from backend.db.session import Database
from backend.embedding_models import EmbeddingModels
from backend.files import FileStore
from backend.index_rows import IndexRows, PassageRows
from backend.message_rows import (
    MessageEmbedder,
    MessageEmbedding,
    MessageRows,
    RecallRows,
)
from backend.store.base import SearchIndex
from backend.store.embeddings import Embedder
from backend.store.indexer import Indexer
from backend.store.memory import MemorySearcher
from backend.store.query_embedder import QueryEmbedder
from backend.store.registry import DOCUMENTS, MESSAGES, open_index, remove_index
from backend.store.search import Searcher


@dataclass(frozen=True, slots=True)
class Foundation:
    """What every model's parts are built on."""

    config: Config
    database: Database
    file_store: FileStore
    models: EmbeddingModels
    is_answering: Callable[[], bool]
    """Whether somebody waits for an answer just now: work that nobody waits for gives way."""


@dataclass(frozen=True, slots=True)
class MessageParts:
    """What works on one model's index of messages."""

    index: SearchIndex
    rows: MessageRows
    indexer: Indexer
    embedding: MessageEmbedding
    embedder: MessageEmbedder
    searcher: MemorySearcher

    @classmethod
    def build(cls, foundation: Foundation, embedder: Embedder, index: SearchIndex) -> Self:
        """Put the parts together around an open index."""
        config, database = foundation.config, foundation.database
        rows = MessageRows(config, database, embedder.name)
        embedding = MessageEmbedding(config, database, embedder)
        return cls(
            index=index,
            rows=rows,
            indexer=Indexer(index, rows, config.index_poll_ms, foundation.is_answering),
            embedding=embedding,
            embedder=MessageEmbedder(database, embedding, rows, foundation.is_answering),
            searcher=MemorySearcher(index, embedder, RecallRows(database), config),
        )

    def drain(self) -> int:
        """Split, embed and index everything that was said; return how many tasks that were."""
        count = self.indexer.drain()
        self.embedder.drain()
        return count + self.indexer.drain()


@dataclass(frozen=True, slots=True)
class SearchParts:
    """One model's parts. Nothing of them is started; `close` ends them all."""

    embedder: Embedder
    index: SearchIndex
    rows: IndexRows
    indexer: Indexer
    searcher: Searcher
    messages: MessageParts

    @classmethod
    def open(cls, foundation: Foundation, model: ModelRecord, *, anew: bool = False) -> Self:
        """Load the model and open its indexes; `anew` removes what there is of them before.

        Raises:
            ConfigurationError: the model's file is missing, or the embedded index is in use by
                another process or not writable.
            Unavailable: the cluster cannot be reached.
            EmbeddingUnavailable, EmbeddingRefused: the model's server had to be asked for the
                dimension of its vectors.
        """
        config = foundation.config
        embedder = QueryEmbedder(foundation.models.open(model))
        opened: list[SearchIndex] = []
        try:
            foundation.models.note_dimension(model, embedder)
            for subject in (DOCUMENTS, MESSAGES):
                if anew:
                    remove_index(config, model.name, subject)
                opened.append(open_index(config, model.name, embedder.dimension, subject))
        except BaseException:
            for index in opened:
                index.close()
            embedder.close()
            raise
        index, message_index = opened
        rows = IndexRows(foundation.database, foundation.file_store, model.name)
        passages = PassageRows(foundation.database, model.name)
        return cls(
            embedder=embedder,
            index=index,
            rows=rows,
            indexer=Indexer(index, rows, config.index_poll_ms, foundation.is_answering),
            searcher=Searcher(index, embedder, passages, config),
            messages=MessageParts.build(foundation, embedder, message_index),
        )

    def start(self) -> None:
        """Begin to carry what is committed into the indexes."""
        self.indexer.start()
        self.messages.indexer.start()
        self.messages.embedder.start()

    def end_indexing(self) -> None:
        """Stop the indexers and let another process carry out the tasks; searching goes on."""
        self.messages.embedder.stop()
        self.messages.indexer.stop()
        self.messages.rows.close()
        self.indexer.stop()
        self.rows.close()

    def close(self) -> None:
        """End everything; searching raises `Unavailable` from now on."""
        self.end_indexing()
        self.messages.index.close()
        self.index.close()
        self.embedder.close()
