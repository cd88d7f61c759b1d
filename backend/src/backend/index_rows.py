"""The database's rows as `store` wants them: it knows protocols, not the database."""

from collections.abc import Collection, Sequence
from pathlib import PurePath

from backend.db.locks import lock_file
from backend.db.repositories import (
    chunks,
    consistency,
    deletions,
    documents,
    index_tasks,
)
from backend.db.repositories.chunks import ChunkPoint
from backend.db.repositories.consistency import IndexedRows
from backend.db.session import Database
from backend.files import FileStore
from backend.index_outbox import IndexOutbox
from backend.store.base import IndexPoint
from backend.store.search import ChunkEvidence
from backend.store.vectors import unpack_vector

_LEADERSHIP_KEY = 0x646F63636861_0001
_PARTS_PER_TRANSACTION = 500


class IndexRows(IndexOutbox):
    """The outbox and the passages with the vectors of one model: an `IndexSource`."""

    def __init__(self, database: Database, file_store: FileStore, embedding_model: str) -> None:
        super().__init__(
            database,
            embedding_model,
            subject=index_tasks.DOCUMENTS,
            leadership_key=_LEADERSHIP_KEY,
        )
        self._file_store = file_store

    def load_points(
        self, document_id: str, first_ordinal: int, last_ordinal: int
    ) -> list[IndexPoint]:
        with self._database.db_session() as session:
            rows = chunks.load_points(
                session, document_id, first_ordinal, last_ordinal, self._embedding_model
            )
        return [self._point(document_id, row) for row in rows]

    def mark_searchable(self, document_ids: Collection[str]) -> None:
        with self._database.db_transaction() as session:
            documents.mark_searchable(session, document_ids)

    def remove_document(self, document_id: str) -> None:
        while self._remove_some_parts(document_id):
            pass
        with self._database.db_transaction() as session:
            sha256 = deletions.deleted_sha256(session, document_id)
            if sha256 is None:
                return
            lock_file(session, sha256)
            deletions.purge(session, document_id)
            if not deletions.is_file_in_use(session, sha256):
                self._file_store.delete(sha256)

    def _remove_some_parts(self, document_id: str) -> bool:
        """Remove pages and passages of a deleted document, few enough that others can write
        in between; return whether there were any."""
        with self._database.db_transaction() as session:
            return deletions.purge_parts(session, document_id, _PARTS_PER_TRANSACTION) > 0

    def points_expected(self) -> tuple[dict[str, IndexedRows], set[str]]:
        """Return what the index should hold of each document, and which ids may hold anything:
        those of documents marked deleted or with tasks that wait."""
        with self._database.db_session() as session:
            # In this order: what changes in between has left a task.
            expected = consistency.indexed_rows(session, self._embedding_model)
            undecided = consistency.documents_with_tasks(session)
            undecided |= consistency.deleted_document_ids(session)
        return expected, undecided

    def probes(self, limit: int) -> list[IndexPoint]:
        """Return the first passages of up to `limit` documents, embedded ones."""
        with self._database.db_session() as session:
            document_ids = consistency.probe_document_ids(session, self._embedding_model, limit)
        return [point for id_ in document_ids for point in self.load_points(id_, 0, 0)]

    def enqueue_all(self) -> int:
        with self._database.db_transaction() as session:
            return index_tasks.enqueue_all(session)

    def _point(self, document_id: str, row: ChunkPoint) -> IndexPoint:
        return IndexPoint(
            id=row.id,
            user_id=row.user_id,
            document_id=document_id,
            keyword_text="\n".join((PurePath(row.filename).stem, row.heading, row.text)),
            vector=None if row.vector is None else unpack_vector(row.vector),
        )


class PassageRows:
    """The passages with the vectors of one model, as search reads them: a `PassageSource`."""

    def __init__(self, database: Database, embedding_model: str) -> None:
        self._database = database
        self._embedding_model = embedding_model

    def load_evidence(self, user_id: str, chunk_ids: Sequence[str]) -> list[ChunkEvidence]:
        with self._database.db_session() as session:
            rows = chunks.load_evidence(session, user_id, chunk_ids, self._embedding_model)
        return [
            ChunkEvidence(
                id=row.id,
                document_id=row.document_id,
                filename=row.filename,
                ordinal=row.ordinal,
                heading=row.heading,
                start=row.start,
                end=row.end,
                text=row.text,
                page_spans=row.page_spans,
                sentences=row.sentences,
                sentence_vectors=row.sentence_vectors,
            )
            for row in rows
        ]
