"""Reading a document: pages and passages, each committed as soon as it is there.

What was interrupted goes on after the last page that was committed.
"""

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from backend.config import Config
from backend.db.repositories import chunks, documents, index_tasks, ingest_jobs, pages
from backend.db.repositories.chunks import NewChunk
from backend.db.repositories.documents import DocumentRecord
from backend.db.repositories.ingest_jobs import JobRecord
from backend.db.repositories.pages import NewPage
from backend.db.session import Database
from backend.errors import DocumentTooLarge, DocumentUnreadable, NoText
from backend.files import FileStore
from backend.ingest.archives import Unpacker
from backend.ingest.budget import Budget
from backend.ingest.chunking import Chunker
from backend.ingest.extract import formats
from backend.ingest.extract.base import ExtractedPage, Extraction
from backend.ingest.extract.layout import pack_boxes
from backend.ingest.extract.registry import extractor_for
from backend.ingest.queue import IngestQueue, Turn, TurnOver

logger = logging.getLogger(__name__)

# Pages wait at most this long for their commit, and not more of them than this.
_COMMIT_INTERVAL_S = 0.5
_COMMIT_PAGES = 100
# No document of people; files that claim more are damaged or hostile.
_MAX_PAGES = 200_000


class Pipeline:
    """Reads documents, one at a time.

    `budget.tick` is called every fraction of a second; it may raise to stop between two
    commits.
    """

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
        self._unpacker = Unpacker(config, database, files, queue, budget)

    def extract(self, job: JobRecord) -> None:
        """Read the document's text and commit its pages and passages, if that is still to do.

        Raises:
            TurnOver: others should go first; what was read so far is committed.
            PermanentIngestError: it cannot be read.
            LeaseLost: the job was canceled, deleted or taken over.
        """
        document = self._load(job)
        if document is None or document.chunk_count is not None:
            return
        path = self._files.path(document.sha256)
        if not path.is_file():
            raise DocumentUnreadable("The original file is missing. Upload it again.")
        self._budget.begin_opening()
        turn = Turn(self._queue, job, self._config.ingest_turn_s)
        extraction = self._open(job, turn, document, path)
        try:
            if extraction.page_count > _MAX_PAGES:
                raise DocumentTooLarge(f"This file has more than {_MAX_PAGES:,} pages.")
            self._budget.begin_pages(extraction.page_count)
            checkpoint = self._begin_reading(job, document, extraction.page_count)
            self._extract_pages(job, turn, document, extraction, checkpoint)
        finally:
            extraction.close()

    def _open(self, job: JobRecord, turn: Turn, document: DocumentRecord, path: Path) -> Extraction:
        if document.media_type == formats.ZIP:
            return self._unpacker.unpack(job, turn, document, path)
        extractor = extractor_for(
            document.media_type,
            ocr_enabled=self._config.ocr_enabled,
            ocr_threads=self._config.embedding_threads,
        )
        return extractor.open(path, document.media_type)

    def _load(self, job: JobRecord) -> DocumentRecord | None:
        with self._database.db_session() as session:
            return documents.load_for_ingest(session, job.document_id)

    def _begin_reading(
        self, job: JobRecord, document: DocumentRecord, page_count: int
    ) -> dict[str, Any] | None:
        """Return where to go on, or None after everything read before was removed."""
        with self._queue.transaction(job) as session:
            checkpoint = ingest_jobs.checkpoint(session, document.id)
            if checkpoint is not None and checkpoint.get("page_count") == page_count:
                documents.resume_stage(session, document.id, checkpoint["pages"], page_count)
                return checkpoint
            if chunks.delete_all(session, document.id):
                index_tasks.add_delete(session, document.user_id, document.id)
            pages.delete_all(session, document.id)
            documents.start_extracting(session, document.id, page_count)
            return None

    def _extract_pages(
        self,
        job: JobRecord,
        turn: Turn,
        document: DocumentRecord,
        extraction: Extraction,
        checkpoint: dict[str, Any] | None,
    ) -> None:
        chunker = Chunker(self._config.chunk_max_characters, self._config.chunk_overlap_characters)
        new_pages: list[NewPage] = []
        new_chunks: list[NewChunk] = []
        start = page_count = chunk_count = 0
        first = 1
        if checkpoint is not None:
            chunker.restore(checkpoint["chunker"])
            start, first = checkpoint["start"], checkpoint["next_page"]
            page_count, chunk_count = checkpoint["pages"], checkpoint["chunks"]
        committed_at = time.monotonic()
        for page in extraction.pages(first):
            self._budget.tick()
            new_pages.append(_new_page(page, start))
            start += len(page.text) + 1
            page_count += 1
            new_chunks += chunker.add(page)
            is_due = time.monotonic() - committed_at > _COMMIT_INTERVAL_S
            if is_due or len(new_pages) >= _COMMIT_PAGES:
                chunk_count += len(new_chunks)
                checkpoint = {
                    "page_count": extraction.page_count,
                    "pages": page_count,
                    "next_page": page.number + 1,
                    "start": start,
                    "chunks": chunk_count,
                    "chunker": chunker.state(),
                }
                with self._queue.transaction(job) as session:
                    _save(session, document, new_pages, new_chunks)
                    documents.set_progress(session, document.id, page_count)
                    ingest_jobs.note_progress(session, document.id, self._queue.owner, checkpoint)
                new_pages, new_chunks = [], []
                committed_at = time.monotonic()
                if turn.is_over():
                    raise TurnOver
        new_chunks += chunker.finish()
        chunk_count += len(new_chunks)
        with self._queue.transaction(job) as session:
            _save(session, document, new_pages, new_chunks)
            documents.set_progress(session, document.id, page_count)
            ingest_jobs.note_progress(session, document.id, self._queue.owner)
            if chunk_count:
                documents.start_embedding(session, document.id, page_count, chunk_count)
        if not chunk_count:
            raise NoText
        logger.info("text extracted", extra={"pages": page_count, "chunks": chunk_count})


def _save(
    session: Session,
    document: DocumentRecord,
    new_pages: Sequence[NewPage],
    new_chunks: Sequence[NewChunk],
) -> None:
    pages.insert_many(session, document.id, new_pages)
    if new_chunks:
        chunks.insert_many(session, document.user_id, document.id, new_chunks)
        first, last = new_chunks[0].ordinal, new_chunks[-1].ordinal
        index_tasks.add_upsert(session, document.user_id, document.id, first, last)


def _new_page(page: ExtractedPage, start: int) -> NewPage:
    layout = None if page.boxes is None else pack_boxes(page.boxes)
    return NewPage(page.number, page.text, start, page.width, page.height, layout, page.is_ocr)
