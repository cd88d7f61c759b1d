"""Vectors kept between evaluations, so that no text is embedded twice."""

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np

from backend.store.base import FloatVector
from backend.store.embeddings import Embedder
from backend.store.vectors import pack_vector, unpack_vector

_KEYS_PER_QUERY: Final = 500
_NEW_PER_TRANSACTION: Final = 1_024


class CachedEmbedder(Embedder):
    """Another embedder whose vectors are kept in a SQLite file. For one thread."""

    def __init__(self, embedder: Embedder, path: Path) -> None:
        self._embedder = embedder
        self.name = embedder.name
        self.texts_per_call = _NEW_PER_TRANSACTION
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = sqlite3.connect(path, isolation_level=None)
        self._file.execute("PRAGMA journal_mode = WAL")
        self._file.execute("PRAGMA synchronous = NORMAL")
        self._file.execute(
            "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL)"
        )

    @property
    def dimension(self) -> int:
        return self._embedder.dimension

    def embed(self, texts: Sequence[str]) -> FloatVector:
        keys = [self._key(text) for text in texts]
        known = self._load(dict.fromkeys(keys))
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        for part in _parts(new, _NEW_PER_TRANSACTION):
            vectors = self._embedder.embed([new[key] for key in part])
            known.update(zip(part, vectors, strict=True))
            self._file.execute("BEGIN")
            self._file.executemany(
                "INSERT OR IGNORE INTO vectors VALUES (?, ?)",
                [(key, pack_vector(known[key])) for key in part],
            )
            self._file.execute("COMMIT")
        if not keys:
            return np.empty((0, self.dimension), np.float32)
        return np.stack([known[key] for key in keys])

    def close(self) -> None:
        self._file.close()
        self._embedder.close()

    def _key(self, text: str) -> bytes:
        return hashlib.sha256(f"{self.name}\n{text}".encode("utf-8", "replace")).digest()

    def _load(self, keys: Mapping[bytes, None]) -> dict[bytes, FloatVector]:
        known: dict[bytes, FloatVector] = {}
        for part in _parts(keys, _KEYS_PER_QUERY):
            marks = ",".join("?" * len(part))
            rows = self._file.execute(
                f"SELECT key, vector FROM vectors WHERE key IN ({marks})",  # noqa: S608 - marks only
                part,
            )
            known.update((key, unpack_vector(vector)) for key, vector in rows)
        return known


def _parts(keys: Mapping[bytes, object], size: int) -> Iterator[list[bytes]]:
    rest = iter(keys)
    while part := list(islice(rest, size)):
        yield part
