"""Compares the stored original files with the documents that need them."""

from functools import partial

from backend.db.locks import lock_file
from backend.db.repositories import consistency, deletions
from backend.db.session import Database
from backend.files import FileStore
from backend.maintenance.findings import Finding


class FileChecks:
    """The checks that need the database and the folder of original files."""

    def __init__(self, database: Database, file_store: FileStore) -> None:
        self._database = database
        self._files = file_store

    def find(self) -> list[Finding]:
        """Return files that nobody needs, and documents whose file is not there."""
        stored = self._files.list_sha256()  # first: a file comes before its row
        with self._database.db_session() as session:
            needed = consistency.needed_files(session)
            known = consistency.known_sha256(session)
        missing = [
            Finding(
                "missing_file",
                file.document.document_id,
                f"The original of “{file.document.filename}” is missing or cut short. "
                "Upload it again, which puts it back, or delete the document.",
            )
            for file in needed
            if not self._files.has(file.sha256, file.document.size_bytes)
        ]
        orphans = [
            Finding(
                "orphan_file",
                sha256,
                f"No document needs the file {sha256}.",
                partial(self._remove, sha256),
            )
            for sha256 in stored
            if sha256 not in known
        ]
        return missing + orphans

    def _remove(self, sha256: str) -> None:
        with self._database.db_transaction() as session:
            lock_file(session, sha256)
            if not deletions.is_file_in_use(session, sha256):
                self._files.delete(sha256)
