"""A small library: real rows in SQLite, a real index, the real model."""

import hashlib
from collections.abc import Sequence

from backend.clock import utc_now
from backend.config import Config
from backend.db.repositories import chunks, deletions, documents, index_tasks, users
from backend.db.repositories.chunks import ChunkToEmbed, EmbeddedChunk, NewChunk
from backend.db.session import Database
from backend.files import FileStore
from backend.index_rows import IndexRows, PassageRows
from backend.store.base import SearchIndex
from backend.store.embeddings import Embedder
from backend.store.indexer import Indexer
from backend.store.search import Searcher
from backend.store.vectors import pack_sentence_vectors, pack_vector, unit

Passage = Sequence[str]
"""A passage's sentences."""


class Library:
    """Rows in a migrated database, and what `store` makes of them."""

    def __init__(
        self, config: Config, database: Database, index: SearchIndex, embedder: Embedder
    ) -> None:
        self.database = database
        self.index = index
        self.embedder = embedder
        self.rows = IndexRows(database, FileStore(config.files_dir), embedder.name)
        self.indexer = Indexer(index, self.rows, config.index_poll_ms)
        self.passages = PassageRows(database, embedder.name)
        self.searcher = Searcher(index, embedder, self.passages, config)

    def add_user(self, name: str) -> str:
        with self.database.db_transaction() as session:
            user = users.add(
                session,
                username=name,
                username_key=name,
                password_hash="",
                role="user",
                created_at=utc_now(),
            )
        return user.id

    def add_document(self, user_id: str, filename: str, passages: Sequence[Passage]) -> str:
        """Commit a document's passages without vectors, as the keyword stage does."""
        start, new = 0, []
        for ordinal, sentences in enumerate(passages):
            text, places = "", []
            for sentence in sentences:
                text += " " if text else ""
                places.append([len(text), len(text) + len(sentence)])
                text += sentence
            end = start + len(text)
            new.append(NewChunk(ordinal, text, "", start, end, [[1, start, end]], places))
            start = end + 1
        with self.database.db_transaction() as session:
            document, _ = documents.create(
                session,
                user_id,
                filename=filename,
                media_type="text/plain",
                size_bytes=start,
                sha256=hashlib.sha256(filename.encode()).hexdigest(),
            )
            chunks.insert_many(session, user_id, document.id, new)
            index_tasks.add_upsert(session, user_id, document.id, 0, len(new) - 1)
        return document.id

    def embed_document(self, user_id: str, document_id: str, model: str | None = None) -> None:
        """Commit the vectors of a document's passages, as the embedding stage does."""
        with self.database.db_session() as session:
            bare = chunks.load_unembedded(session, document_id, self.embedder.name, 0, 1_000)
        with self.database.db_transaction() as session:
            chunks.save_vectors(
                session, model or self.embedder.name, [self._embed(chunk) for chunk in bare]
            )
            index_tasks.add_upsert(session, user_id, document_id, 0, bare[-1].ordinal)

    def delete_document(self, user_id: str, document_id: str) -> None:
        with self.database.db_transaction() as session:
            deletions.mark_deleted(session, user_id, document_id)

    def document_is_searchable(self, user_id: str, document_id: str) -> bool:
        with self.database.db_session() as session:
            return documents.get(session, user_id, document_id).searchable

    def tasks_waiting(self) -> int:
        with self.database.db_session() as session:
            return index_tasks.count(session)

    def _embed(self, chunk: ChunkToEmbed) -> EmbeddedChunk:
        rows = self.embedder.embed([chunk.text[start:end] for start, end in chunk.sentences])
        vector = unit(rows.sum(axis=0))
        return EmbeddedChunk(chunk.id, pack_vector(vector), pack_sentence_vectors(rows))
