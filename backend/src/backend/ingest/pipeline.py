"""One document's journey: pages, passages, vectors, each committed as soon as it is there.

Extraction that was interrupted starts over, which takes seconds; a vector that was
committed is never computed again.
"""

import logging
import time
from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from backend.config import Config
from backend.db.repositories import chunks, documents, index_tasks, ingest_jobs, pages
from backend.db.repositories.chunks import NewChunk
from backend.db.repositories.documents import DocumentRecord
from backend.db.repositories.ingest_jobs import JobRecord
from backend.db.repositories.pages import NewPage
from backend.db.session import Database
from backend.errors import DocumentUnreadable, NoText
from backend.files import FileStore
from backend.ingest.chunking import Chunker
from backend.ingest.embedding import PassageEmbedder
from backend.ingest.extract.base import ExtractedPage, Extraction
from backend.ingest.extract.layout import pack_boxes
from backend.ingest.extract.registry import extractor_for
from backend.ingest.queue import IngestQueue
from backend.store.embeddings import Embedder, create_embedder

logger = logging.getLogger(__name__)

# Pages wait at most this long for their commit, and not more of them than this.
_COMMIT_INTERVAL_S = 0.5
_COMMIT_PAGES = 100


class Pipeline:
    """Takes documents in, one at a time.

    `check` is called every fraction of a second; it may raise to stop between two commits.
    """

    def __init__(
        self,
        config: Config,
        database: Database,
        files: FileStore,
        queue: IngestQueue,
        check: Callable[[], None],
    ) -> None:
        self._config = config
        self._database = database
        self._files = files
        self._queue = queue
        self._check = check
        self._embedder: Embedder | None = None

    def close(self) -> None:
        """Release the embedding model."""
        if self._embedder is not None:
            self._embedder.close()

    def extract(self, job: JobRecord) -> None:
        """Read the document's text and commit its pages and passages, if that is still to do.

        Raises:
            PermanentIngestError: it cannot be read.
            LeaseLost: the job was canceled, deleted or taken over.
        """
        document = self._load(job)
        if document is None or document.chunk_count is not None:
            return
        path = self._files.path(document.sha256)
        if not path.is_file():
            raise DocumentUnreadable("The original file is missing. Upload it again.")
        extraction = extractor_for(document.media_type).open(path, document.media_type)
        try:
            with self._queue.transaction(job) as session:
                if chunks.delete_all(session, document.id):
                    index_tasks.add_delete(session, document.user_id, document.id)
                pages.delete_all(session, document.id)
                documents.start_extracting(session, document.id, extraction.page_count)
            self._extract_pages(job, document, extraction)
        finally:
            extraction.close()

    def embed(self, job: JobRecord) -> bool:
        """Compute the vectors that are still missing; afterwards the document is `ready`.

        Returns False to let a document go first that cannot be searched yet.

        Raises:
            LeaseLost: the job was canceled, deleted or taken over.
        """
        document = self._load(job)
        if document is None:
            return True
        if self._queue.has_newcomer():
            return False
        if self._embedder is None:
            self._embedder = create_embedder(self._config, self._config.embedding_threads)
        embedder = self._embedder
        passages = PassageEmbedder(embedder, document.filename)
        with self._database.db_session() as session:
            done = chunks.count(session, document.id, embedded=True)
        first_ordinal = 0
        while True:
            with self._database.db_session() as session:
                batch = chunks.load_unembedded(
                    session, document.id, first_ordinal, self._config.embedding_batch_chunks
                )
            if not batch:
                break
            self._check()
            embedded = passages.embed(batch, self._check)
            done += len(batch)
            first_ordinal = batch[-1].ordinal + 1
            with self._queue.transaction(job) as session:
                chunks.save_vectors(session, embedder.name, embedded)
                index_tasks.add_upsert(
                    session, document.user_id, document.id, batch[0].ordinal, batch[-1].ordinal
                )
                documents.set_progress(session, document.id, done)
            if self._queue.has_newcomer():
                return False
        with self._queue.transaction(job) as session:
            ingest_jobs.finish(session, document.id, self._queue.owner)
            documents.finish(session, document.id)
        logger.info("document ready", extra={"chunks": done})
        return True

    def _load(self, job: JobRecord) -> DocumentRecord | None:
        with self._database.db_session() as session:
            return documents.load_for_ingest(session, job.document_id)

    def _extract_pages(
        self, job: JobRecord, document: DocumentRecord, extraction: Extraction
    ) -> None:
        chunker = Chunker(self._config.chunk_max_characters, self._config.chunk_overlap_characters)
        new_pages: list[NewPage] = []
        new_chunks: list[NewChunk] = []
        start = page_count = chunk_count = 0
        committed_at = time.monotonic()
        for page in extraction.pages():
            self._check()
            new_pages.append(_new_page(page, start))
            start += len(page.text) + 1
            page_count += 1
            new_chunks += chunker.add(page)
            is_due = time.monotonic() - committed_at > _COMMIT_INTERVAL_S
            if is_due or len(new_pages) >= _COMMIT_PAGES:
                with self._queue.transaction(job) as session:
                    _save(session, document, new_pages, new_chunks)
                    documents.set_progress(session, document.id, page_count)
                chunk_count += len(new_chunks)
                new_pages, new_chunks = [], []
                committed_at = time.monotonic()
        new_chunks += chunker.finish()
        chunk_count += len(new_chunks)
        with self._queue.transaction(job) as session:
            _save(session, document, new_pages, new_chunks)
            documents.set_progress(session, document.id, page_count)
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
    return NewPage(page.number, page.text, start, page.width, page.height, layout)
