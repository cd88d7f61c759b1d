from collections.abc import Iterator

import pytest

from backend.config import Config
from backend.db.session import Database
from backend.store.edge import EdgeIndex
from backend.store.embeddings import Embedder
from backend.store.minilm import MiniLMEmbedder
from store.library import Library


@pytest.fixture(scope="session")
def embedder() -> Iterator[Embedder]:
    embedder = MiniLMEmbedder(threads=2)
    yield embedder
    embedder.close()


@pytest.fixture
def library(config: Config, database: Database, embedder: Embedder) -> Iterator[Library]:
    index = EdgeIndex(config.index_dir, embedder.dimension)
    library = Library(config, database, index, embedder)
    library.indexer.drain()  # a new index is empty because there is nothing yet
    yield library
    library.indexer.stop()
    index.close()
