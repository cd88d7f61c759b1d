"""Takes one file of a watched folder in, as an upload would be, or notes why not."""

import hashlib
import logging
import os
import time
from enum import Enum, auto
from typing import Any

from backend.config import Config
from backend.db.locks import lock_file
from backend.db.repositories import documents, watched_files
from backend.db.repositories.watched_files import WatchedFileRecord, shown_name
from backend.db.session import Database
from backend.errors import DocChatError, EmptyFile, TooLarge, UnsupportedMediaType
from backend.files import FileStore, ReceivedFile
from backend.ingest.extract.detect import detect_media_type
from backend.ingest.watch.tree import FoundFile, open_file, shown_path

logger = logging.getLogger(__name__)

_UNREADABLE = "unreadable"


class Outcome(Enum):
    """What became of a file. `LATER`: it is not quiet yet, or was just changed."""

    ADDED = auto()
    CHANGED = auto()
    REFUSED = auto()
    NOTHING = auto()
    LATER = auto()


class FileTaker:
    """Takes one user's files in; used by one thread."""

    def __init__(self, config: Config, database: Database, user_id: str) -> None:
        self._config = config
        self._database = database
        self._files = FileStore(config.files_dir)
        self._user_id = user_id

    def is_settled(self, found: FoundFile, row: WatchedFileRecord) -> bool:
        """Return whether the file is as it was when it was last looked at."""
        if row.error_code == TooLarge.code and found.size_bytes <= self._config.max_upload_bytes:
            return False  # the limit was raised
        return (found.size_bytes, found.mtime_ns) == (row.size_bytes, row.mtime_ns)

    def take(self, folder: bytes, found: FoundFile, row: WatchedFileRecord | None) -> Outcome:
        """Make the file's present content a document; `row` is what is known of it.

        A known file waits until its version before has been replaced.
        """
        if not self._is_quiet(found) or (row is not None and row.replaced_document_id):
            return Outcome.LATER
        try:
            self._check_size(found)
            return self._read(folder, found, row)
        except (EmptyFile, TooLarge, UnsupportedMediaType) as error:
            return self._refuse(folder, found, error)
        except FileNotFoundError:
            return Outcome.LATER
        except OSError as error:
            return self._note_unreadable(folder, found, row, error)

    def _is_quiet(self, found: FoundFile) -> bool:
        # Programs may set a file's mtime, but not its ctime. One in the future is another
        # machine's clock; then only the comparison after reading tells.
        age_s = (time.time_ns() - found.ctime_ns) / 1e9
        return not 0 <= age_s < self._config.watch_quiet_s

    def _check_size(self, found: FoundFile) -> None:
        if found.size_bytes > self._config.max_upload_bytes:
            raise TooLarge(f"The file is larger than the allowed {self._config.max_upload_mb} MiB.")
        if found.size_bytes == 0:
            raise EmptyFile

    def _read(self, folder: bytes, found: FoundFile, row: WatchedFileRecord | None) -> Outcome:
        with open_file(folder, found.path) as (stream, before):
            if not _is_same(found, before):
                return Outcome.LATER
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
            if row is not None and row.sha256 == sha256:
                self._put(folder, found)
                return Outcome.NOTHING
            received = None
            if not self._is_known(sha256):
                stream.seek(0)
                received = self._files.receive(stream, self._config.max_upload_bytes)
            try:
                is_same = _is_same(found, os.fstat(stream.fileno()))
                if not is_same or (received is not None and received.sha256 != sha256):
                    return Outcome.LATER
                return self._keep(folder, found, row, sha256, received)
            finally:
                if received is not None:
                    received.discard()

    def _is_known(self, sha256: str) -> bool:
        """Return whether these bytes need not be stored: they are, or shall not come back."""
        with self._database.db_session() as session:
            document = documents.find_by_content(session, self._user_id, sha256)
            if document is None:
                return watched_files.is_dismissed(session, self._user_id, sha256)
        return self._files.has(sha256, document.size_bytes)

    def _keep(
        self,
        folder: bytes,
        found: FoundFile,
        row: WatchedFileRecord | None,
        sha256: str,
        received: ReceivedFile | None,
    ) -> Outcome:
        filename = shown_name(shown_path(folder, found.path))
        media_type = None
        if received is not None:
            media_type = detect_media_type(
                received.path, filename, ocr_enabled=self._config.ocr_enabled
            )
        old_id = row.document_id if row is not None else None
        with self._database.db_transaction() as session:
            lock_file(session, sha256)
            document = documents.find_by_content(session, self._user_id, sha256)
            if document is None and not watched_files.is_dismissed(session, self._user_id, sha256):
                if received is None or media_type is None:
                    return Outcome.LATER  # somebody deleted it since it was looked up
                document, _ = documents.create(
                    session,
                    self._user_id,
                    filename=filename,
                    media_type=media_type,
                    size_bytes=received.size_bytes,
                    sha256=sha256,
                    is_kept=False,
                )
            if document and document.archive_id is not None:
                documents.leave_archive(session, document.id)
            if document and received and not self._files.has(sha256, received.size_bytes):
                self._files.store(received)
            watched_files.put(
                session,
                self._user_id,
                folder,
                found.path,
                **_state(folder, found),
                sha256=sha256,
                document_id=document.id if document else None,
                replaced_document_id=old_id,
            )
            if document is not None:
                documents.touch(session, document.id)
        if old_id is not None:
            return Outcome.CHANGED
        return Outcome.NOTHING if document is None else Outcome.ADDED

    def _refuse(self, folder: bytes, found: FoundFile, error: DocChatError) -> Outcome:
        """Note the reason; what the file held before stays a document."""
        self._put(folder, found, error_code=error.code, error_message=error.message)
        logger.info(
            "watched file refused",
            extra={"file": shown_path(folder, found.path), "reason": error.message},
        )
        return Outcome.REFUSED

    def _note_unreadable(
        self, folder: bytes, found: FoundFile, row: WatchedFileRecord | None, error: OSError
    ) -> Outcome:
        """Note the reason once; every pass tries again, since rights change without a trace."""
        message = f"The file cannot be taken in ({error.strerror}). It is tried again later."
        if row is not None and row.error_message == message:
            return Outcome.NOTHING
        self._put(folder, found, error_code=_UNREADABLE, error_message=message, mtime_ns=None)
        logger.warning(
            "watched file cannot be read",
            extra={"file": shown_path(folder, found.path), "reason": message},
        )
        return Outcome.REFUSED

    def _put(self, folder: bytes, found: FoundFile, **values: Any) -> None:
        with self._database.db_transaction() as session:
            watched_files.put(
                session, self._user_id, folder, found.path, **{**_state(folder, found), **values}
            )


def _state(folder: bytes, found: FoundFile) -> dict[str, Any]:
    """Return what is known of a file that was looked at and gave no reason for complaint."""
    return {
        "shown_path": shown_path(folder, found.path),
        "size_bytes": found.size_bytes,
        "mtime_ns": found.mtime_ns,
        "error_code": None,
        "error_message": None,
    }


def _is_same(found: FoundFile, status: os.stat_result) -> bool:
    return (found.size_bytes, found.mtime_ns) == (status.st_size, status.st_mtime_ns)
