"""The documents of an archive of an account: each becomes one, by what it contains."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress

from backend.config import Config
from backend.db.locks import lock_file
from backend.db.repositories import deletions, documents, transfers
from backend.db.session import Database
from backend.errors import EmptyFile, NotFound, TooLarge, UnsupportedMediaType
from backend.files import FileStore, ReceivedFile, shown_path
from backend.ingest.extract.detect import detect_media_type
from backend.ingest.intake import keep
from backend.transfer.account_archive import AccountArchive
from backend.transfer.account_format import DocumentLine
from backend.transfer.report import Report

_MAX_DEPTH = 16  # of archives inside one another


class DocumentImport:
    """Takes documents in as an upload would; they are read like any other."""

    def __init__(
        self,
        config: Config,
        database: Database,
        file_store: FileStore,
        user_id: str,
        archive: AccountArchive,
        report: Report,
    ) -> None:
        self._config = config
        self._database = database
        self._files = file_store
        self._user_id = user_id
        self._archive = archive
        self._report = report
        self._added: dict[str, None] = {}  # in the order they were added
        self._collected: list[tuple[str, str]] = []  # collections and documents
        self._uncommitted: str | None = None  # the file of a document being added
        self._new_ids: dict[str, str] = {}
        self._contents: dict[str, list[str]] = defaultdict(list)

    def run(self, lines: Mapping[str, DocumentLine], collection_ids: Mapping[str, str]) -> None:
        """Add those that the user does not have, under their names and with their times.

        `lines` are the archive's documents by id, `collection_ids` leads from a collection's
        id there to the one here.
        """
        for line in _contents_first(lines):
            document_id = self._find(line) or self._take_in(line)
            if document_id is None:
                continue
            self._new_ids[line.id] = document_id
            if line.collection_ids:
                wanted = {collection_ids[id_] for id_ in line.collection_ids}
                with self._database.db_transaction() as session:
                    collected = transfers.put_into_collections(session, document_id, wanted)
                    documents.touch(session, document_id)
                self._collected += collected

    def undo(self) -> None:
        """Remove what was added so far."""
        for start in range(0, len(self._collected), transfers.MAX_IDS // 2):
            with self._database.db_transaction() as session:
                transfers.take_out_of_collections(
                    session, self._collected[start : start + transfers.MAX_IDS // 2]
                )
        for document_id in self._added:
            # It may be gone with its archive.
            with suppress(NotFound), self._database.db_transaction() as session:
                deletions.mark_deleted(session, self._user_id, document_id)
        if self._uncommitted is not None:
            with self._database.db_transaction() as session:
                lock_file(session, self._uncommitted)
                if not deletions.is_file_in_use(session, self._uncommitted):
                    self._files.delete(self._uncommitted)

    def new_id(self, old_id: str) -> str:
        """Return the id here of a document of the archive; others keep theirs."""
        return self._new_ids.get(old_id, old_id)

    def _find(self, line: DocumentLine) -> str | None:
        """Return the user's document of these bytes if its original is there too."""
        with self._database.db_session() as session:
            found = documents.find_by_content(session, self._user_id, line.sha256)
        if found is None or (line.has_file and not self._files.has(line.sha256, found.size_bytes)):
            return None
        self._report.documents.skipped += 1
        # Of the same moment: an import that was killed has added it before its archive.
        if found.archive_id is None and found.created_at == line.created_at:
            self._note_content(line, found.id)
        return found.id

    def _note_content(self, line: DocumentLine, document_id: str) -> None:
        if line.archive_id is not None:
            self._contents[line.archive_id].append(document_id)

    def _take_in(self, line: DocumentLine) -> str | None:
        filename = shown_path(line.filename)
        if not line.has_file:
            self._report.add_problem(f"“{filename}”: its original was not in the archive.")
            return None
        if line.size_bytes > self._config.max_upload_bytes:
            self._report.add_problem(
                f"“{filename}” is larger than {self._config.max_upload_mb} MiB. Raise "
                "MAX_UPLOAD_MB and import the archive again."
            )
            return None
        try:
            with self._archive.open_file(line) as stream:
                received = self._files.receive(stream, self._config.max_upload_bytes)
        except (EmptyFile, TooLarge) as error:
            self._report.add_problem(f"“{filename}”: {error.message}")
            return None
        try:
            return self._keep(line, filename, received)
        except UnsupportedMediaType as error:
            self._report.add_problem(f"“{filename}”: {error.message}")
            return None
        finally:
            received.discard()

    def _keep(self, line: DocumentLine, filename: str, received: ReceivedFile) -> str:
        media_type = detect_media_type(
            received.path, filename, ocr_enabled=self._config.ocr_enabled
        )
        self._uncommitted = received.sha256
        with self._database.db_transaction() as session:
            lock_file(session, received.sha256)
            found = documents.find_by_content(session, self._user_id, received.sha256)
            if found is not None:  # its original was lost, or somebody added it meanwhile
                if not self._files.has(received.sha256, received.size_bytes):
                    self._files.store(received)
                self._report.documents.skipped += 1
                return found.id
            document, _ = keep(
                session,
                self._files,
                received,
                self._user_id,
                filename=filename,
                media_type=media_type,
            )
            self._added[document.id] = None
            transfers.set_document_time(session, document.id, line.created_at)
            # Before the worker sees the archive: it must find what it holds to be its own.
            contents = self._contents[line.id]
            for start in range(0, len(contents), transfers.MAX_IDS):
                transfers.set_archive(
                    session, contents[start : start + transfers.MAX_IDS], document.id
                )
        self._uncommitted = None
        self._note_content(line, document.id)
        self._report.documents.imported += 1
        return document.id


def _contents_first(lines: Mapping[str, DocumentLine]) -> Iterator[DocumentLine]:
    """Give what lies in archives before the archives, else in the order they were added."""

    def depth(line: DocumentLine) -> int:
        found, at = 0, line
        while at.archive_id is not None and at.archive_id in lines and found < _MAX_DEPTH:
            found, at = found + 1, lines[at.archive_id]
        return found

    return iter(sorted(lines.values(), key=lambda line: (-depth(line), line.created_at)))
