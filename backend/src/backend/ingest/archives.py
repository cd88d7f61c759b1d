"""Unpacks archives: every file in one becomes a document of its own.

Each file is committed with what became of it, so a killed worker goes on with the next one.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from sqlalchemy.orm import Session

from backend.config import Config
from backend.db.repositories import archives, collections, documents, ingest_jobs
from backend.db.repositories.archives import ALREADY_THERE, NOT_READ, TAKEN_IN, EntryRecord, Usage
from backend.db.repositories.documents import DocumentRecord
from backend.db.repositories.ingest_jobs import JobRecord
from backend.db.session import Database
from backend.errors import (
    DocumentEncrypted,
    DocumentTooLarge,
    EmptyFile,
    NothingUnpacked,
    TooLarge,
    UnsupportedMediaType,
)
from backend.files import FileStore, ReceivedFile
from backend.ingest.budget import Budget
from backend.ingest.extract import formats
from backend.ingest.extract.base import ExtractedPage, Extraction
from backend.ingest.extract.detect import detect_media_type
from backend.ingest.extract.text import split_pages
from backend.ingest.extract.zip_archive import (
    ENCRYPTED,
    ArchivedFile,
    UnreadableFile,
    ZipArchive,
)
from backend.ingest.intake import keep
from backend.ingest.queue import IngestQueue, Turn, TurnOver

logger = logging.getLogger(__name__)

# An archive that somebody uploaded, one inside it, and two more.
_MAX_DEPTH = 4
_REASONS_NAMED = 3
_MIB = 1024 * 1024
_WORDS = {TAKEN_IN: "taken in", ALREADY_THERE: "was there already", NOT_READ: "not read"}


class Unpacker:
    """Unpacks archives, one at a time."""

    def __init__(
        self,
        config: Config,
        database: Database,
        files: FileStore,
        queue: IngestQueue,
        budget: Budget,
    ) -> None:
        self._config = config
        self._database = database
        self._files = files
        self._queue = queue
        self._budget = budget

    def unpack(self, job: JobRecord, turn: Turn, archive: DocumentRecord, path: Path) -> Extraction:
        """Take in the files that were not yet; return the archive's own text, a list of them.

        Raises:
            TurnOver: others should go first; what was unpacked so far is committed.
            NothingUnpacked, DocumentEncrypted: none of them could be taken in.
            DocumentTooLarge: there are too many or they are too large, with those of the
                archives around it and inside it.
            DocumentUnreadable: the archive is damaged.
            LeaseLost: the job was canceled, deleted or taken over.
        """
        with closing(ZipArchive(path, self._config.max_upload_bytes)) as opened:
            lineage, done = self._begin(job, archive, opened.files)
            self._budget.begin_pages(len(opened.files))
            for number, file in enumerate(opened.files[done:], start=done + 1):
                self._budget.tick()
                self._take_in(job, archive, lineage, opened, file, number)
                if turn.is_over():
                    raise TurnOver
        with self._database.db_session() as session:
            entries = archives.list_entries(session, archive.id)
        _check_outcome(entries)
        logger.info("archive unpacked", extra={"files": len(entries)})
        return Listing(archive.filename, entries)

    def _begin(
        self, job: JobRecord, archive: DocumentRecord, files: Sequence[ArchivedFile]
    ) -> tuple[list[str], int]:
        """Return the archives around this one, itself first, and how many files are done."""
        with self._queue.transaction(job) as session:
            if ingest_jobs.checkpoint(session, archive.id) is None:
                archives.clear_entries(session, archive.id)
            done = archives.count_entries(session, archive.id)
            lineage = archives.lineage(session, archive.id)
            self._check_total(archives.usage(session, lineage[-1]), files[done:])
            documents.start_unpacking(session, archive.id, done, len(files))
        return lineage, done

    def _check_total(self, used: Usage, files: Sequence[ArchivedFile]) -> None:
        max_entries, max_mb = self._config.archive_max_entries, self._config.archive_max_mb
        if used.entries + len(files) > max_entries:
            raise DocumentTooLarge(
                f"This archive, with those around it, holds more than {max_entries:,} files. "
                "Divide it."
            )
        if used.size_bytes + sum(map(_bytes_to_unpack, files)) > max_mb * _MIB:
            raise DocumentTooLarge(
                f"This archive, with those around it, unpacks to more than {max_mb:,} MiB. "
                "Divide it."
            )

    def _take_in(
        self,
        job: JobRecord,
        archive: DocumentRecord,
        lineage: Sequence[str],
        opened: ZipArchive,
        file: ArchivedFile,
        number: int,
    ) -> None:
        """Commit a file as a document, or why it is none."""
        entry = EntryRecord(number, file.name, _bytes_to_unpack(file), NOT_READ)
        try:
            received = self._receive(opened, file)
        except UnreadableFile as error:
            with self._noting(job, archive, number) as session:
                archives.add_entry(session, archive.id, replace(entry, reason=str(error)))
            return
        try:
            media_type, problem = self._judge(received, file, depth=len(lineage))
            with self._noting(job, archive, number) as session:
                if media_type is None:
                    entry = replace(entry, reason=problem)
                else:
                    entry = self._keep(session, archive, lineage, received, entry, media_type)
                archives.add_entry(session, archive.id, entry)
        finally:
            received.discard()

    def _receive(self, opened: ZipArchive, file: ArchivedFile) -> ReceivedFile:
        """Unpack a file into a temporary one.

        Raises:
            UnreadableFile
        """
        if file.problem is not None:
            raise UnreadableFile(file.problem)
        if file.size_bytes == 0:
            raise UnreadableFile("it is empty")
        try:
            with closing(opened.open(file, self._budget.tick)) as stream:
                return self._files.receive(stream, max_bytes=file.size_bytes)
        except (EmptyFile, TooLarge):  # other than it declares
            raise UnreadableFile("it is damaged") from None

    def _judge(
        self, received: ReceivedFile, file: ArchivedFile, *, depth: int
    ) -> tuple[str | None, str]:
        """Return the file's media type, or None and why it is not read."""
        try:
            media_type = detect_media_type(
                received.path, file.name, ocr_enabled=self._config.ocr_enabled
            )
        except UnsupportedMediaType as error:
            return None, f"it seems to be {(error.details or {})['seems_to_be']}"
        if media_type == formats.ZIP and depth >= _MAX_DEPTH:
            return None, f"archives inside one another are unpacked {_MAX_DEPTH} deep"
        return media_type, ""

    def _keep(
        self,
        session: Session,
        archive: DocumentRecord,
        lineage: Sequence[str],
        received: ReceivedFile,
        entry: EntryRecord,
        media_type: str,
    ) -> EntryRecord:
        document, is_new = keep(
            session,
            self._files,
            received,
            archive.user_id,
            filename=entry.name,
            media_type=media_type,
            archive_id=archive.id,
        )
        if document.id in lineage:
            return replace(entry, reason="it is an archive that holds itself")
        # Taken in before, when the archive was read another time, is taken in; but only once.
        is_own = is_new or document.archive_id == archive.id
        is_repeated = archives.holds(session, archive.id, document.id)
        collections.inherit(session, archive.id, document.id)
        outcome = TAKEN_IN if is_own and not is_repeated else ALREADY_THERE
        return replace(entry, outcome=outcome, document_id=document.id)

    @contextmanager
    def _noting(self, job: JobRecord, archive: DocumentRecord, number: int) -> Iterator[Session]:
        """Give the transaction after which the file `number` is done for good."""
        with self._queue.transaction(job) as session:
            documents.set_progress(session, archive.id, number)
            yield session
            ingest_jobs.note_progress(
                session, archive.id, self._queue.owner, checkpoint={"files": number}
            )


class Listing(Extraction):
    """The text of an archive: what became of each of its files."""

    def __init__(self, filename: str, entries: Sequence[EntryRecord]) -> None:
        self._pages = list(split_pages(_listing(filename, entries)))
        self.page_count = len(self._pages)

    def pages(self, first: int = 1) -> Iterator[ExtractedPage]:
        for number, text in enumerate(self._pages[first - 1 :], start=first):
            yield ExtractedPage(number, text)

    def close(self) -> None:
        """Nothing to release."""


def _bytes_to_unpack(file: ArchivedFile) -> int:
    return 0 if file.problem is not None else file.size_bytes


def _check_outcome(entries: Sequence[EntryRecord]) -> None:
    """Raise what ends an archive of which nothing could be taken in."""
    if not entries:
        raise NothingUnpacked
    reasons = Counter(entry.reason for entry in entries)
    if reasons[None]:
        return
    if set(reasons) == {ENCRYPTED}:
        raise DocumentEncrypted
    named = ", ".join(f"{reason} ({n:,})" for reason, n in reasons.most_common(_REASONS_NAMED))
    raise NothingUnpacked(f"Nothing in this archive could be read. Of each file, why: {named}.")


def _listing(filename: str, entries: Sequence[EntryRecord]) -> str:
    outcomes = Counter(entry.outcome for entry in entries)
    counts = ", ".join(
        f"{outcomes[outcome]:,} {words}" for outcome, words in _WORDS.items() if outcomes[outcome]
    )
    lines = [f"Files in {filename}: {len(entries):,}. Of these {counts}.", ""]
    for entry in entries:
        why = f": {entry.reason}" if entry.reason else ""
        lines.append(f"{entry.name} ({_WORDS[entry.outcome]}{why})")
    return "\n".join(lines)
