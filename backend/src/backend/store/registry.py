"""Chooses the search index: the only place that knows which adapters there are."""

import hashlib
from contextlib import closing
from pathlib import Path
from typing import Final

from backend.config import Config
from backend.store.base import SearchIndex
from backend.store.keywords import PARAGRAPH_WORDS, TURN_WORDS

# Before there was a folder for each model, the only shard lay where these are now.
_OLDER_LAYOUT: Final = "segments"


# What an index is of; each has its own for every embedding model.
DOCUMENTS: Final = "documents"
MESSAGES: Final = "messages"


def open_index(
    config: Config, embedding_model: str, dimension: int, subject: str = DOCUMENTS
) -> SearchIndex:
    """Open the index of a model's vectors: in the cluster at QDRANT_URL, else the embedded one.

    Raises:
        ConfigurationError: the embedded index is in use by another process or not writable.
        Unavailable: the cluster cannot be reached.
    """
    key = _key(embedding_model, subject)
    usual_words = TURN_WORDS if subject == MESSAGES else PARAGRAPH_WORDS
    if config.qdrant_url:
        from backend.store.cluster import ClusterIndex, connect

        return ClusterIndex(connect(config), key, dimension, usual_words)
    from backend.store.edge import EdgeIndex, remove_folder

    if (config.index_dir / _OLDER_LAYOUT).exists():
        remove_folder(config.index_dir)
    return EdgeIndex(_folder(config, key), dimension, usual_words)


def remove_index(config: Config, embedding_model: str, subject: str = DOCUMENTS) -> None:
    """Remove the index of a model's vectors; nobody has it open. Nothing happens without one.

    Raises:
        ConfigurationError: the folder cannot be removed.
        Unavailable: the cluster cannot be reached.
    """
    key = _key(embedding_model, subject)
    if config.qdrant_url:
        from backend.store.cluster import connect, remove_collections

        with closing(connect(config)) as client:
            remove_collections(client, key)
        return
    from backend.store.edge import remove_folder

    remove_folder(_folder(config, key))


def _key(embedding_model: str, subject: str) -> str:
    name = embedding_model if subject == DOCUMENTS else f"{subject}\n{embedding_model}"
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def _folder(config: Config, key: str) -> Path:
    return config.index_dir / key
