"""The ingest worker: a process of its own, so that a hostile file can only end the worker."""

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from backend.config import Config
from backend.db.repositories.ingest_jobs import JobRecord
from backend.db.session import Database, create_database
from backend.errors import DocumentTooLarge, IngestError, TransientIngestError
from backend.files import FileStore
from backend.ingest import process_limits
from backend.ingest.budget import Budget
from backend.ingest.lease_keeper import LeaseKeeper
from backend.ingest.process_limits import Watchdog
from backend.ingest.queue import IngestQueue, LeaseLost, TurnOver
from backend.log_context import log_context
from backend.store.embeddings import embedding_model_name

if TYPE_CHECKING:
    from backend.ingest.pipeline import Pipeline

logger = logging.getLogger(__name__)

_PAUSE_AFTER_ERROR_S = 1.0


class _Interrupted(Exception):
    """The worker was asked to stop."""


class Worker:
    """Processes jobs one after the other.

    `on_progress` is called several times a second while a job advances. One that
    `guards_process` ends the whole process over a job that neither advances nor yields.
    """

    def __init__(
        self,
        config: Config,
        database: Database,
        on_progress: Callable[[], None] = lambda: None,
        *,
        guards_process: bool = False,
    ) -> None:
        self._config = config
        self._files = FileStore(config.files_dir)
        self._database = database
        self._queue = IngestQueue(config, database)
        self._on_progress = on_progress
        self._watchdog: Watchdog | None = None
        self._keeper: LeaseKeeper | None = None
        if guards_process:
            self._watchdog = Watchdog(self._queue.watchdog_path(self._queue.owner))
            self._keeper = LeaseKeeper(config, database, self._queue.owner)
        self._pipeline: Pipeline | None = None
        self._are_models_compared = False
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Make `run` return within about a second; the present job is given back."""
        self._stopping.set()

    def run(self) -> None:
        """Process jobs until `stop` is called."""
        while not self._stopping.is_set():
            try:
                was_idle = not self.process_next()
            except Exception:
                # Most likely the database is away; the lease brings the job back.
                logger.exception("worker failed")
                self._stopping.wait(_PAUSE_AFTER_ERROR_S)
            else:
                if was_idle:
                    self._stopping.wait(self._config.ingest_poll_ms / 1000)

    def process_next(self) -> bool:
        """Process the job whose turn it is; False when there is none."""
        if not self._are_models_compared:
            self._queue.queue_outdated(embedding_model_name(self._config))
            self._are_models_compared = True
        job = self._queue.lease()
        if job is None:
            return False
        with log_context(document_id=job.document_id, user_id=job.user_id), self._guarded(job):
            try:
                self._process(job)
            except LeaseLost:
                logger.info("document canceled, deleted or taken over")
        return True

    def close(self) -> None:
        """Release the embedding model."""
        if self._pipeline is not None:
            self._pipeline.close()

    @contextmanager
    def _guarded(self, job: JobRecord) -> Iterator[None]:
        if self._keeper is not None:
            self._keeper.watch(job)
        try:
            yield
        finally:
            if self._keeper is not None:
                self._keeper.watch(None)
            if self._watchdog is not None:
                self._watchdog.stop()

    def _process(self, job: JobRecord) -> None:
        try:
            if self._pipeline is None:
                self._pipeline = self._load_pipeline()
            self._pipeline.extract(job)
            self._pipeline.embed(job)
        except (_Interrupted, TurnOver):
            self._queue.release(job)
        except IngestError as error:
            self._queue.fail(job, error)
        except MemoryError:
            self._queue.fail(job, DocumentTooLarge())
        except LeaseLost:
            raise
        except Exception:
            logger.exception("document could not be processed")
            self._queue.fail(job, TransientIngestError())

    def _load_pipeline(self) -> "Pipeline":
        # Imported by the first job, so that an idle worker is small.
        from backend.ingest.pipeline import Pipeline

        budget = Budget(self._config, self._check, self._watchdog)
        return Pipeline(self._config, self._database, self._files, self._queue, budget)

    def _check(self) -> None:
        if self._stopping.is_set():
            raise _Interrupted
        if self._keeper is not None and self._keeper.is_lost:
            raise LeaseLost
        self._on_progress()


def run_worker(config: Config) -> None:
    """Process jobs until SIGTERM or SIGINT comes or the parent process ends."""
    process_limits.lower_priority(config.ingest_nice)
    process_limits.cap_memory(config.ingest_memory_mb)
    database = create_database(config)
    worker = Worker(config, database, guards_process=True)

    def on_signal(_signal: int, _frame: FrameType | None) -> None:
        worker.stop()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    process_limits.watch_parent(worker.stop, config.shutdown_timeout_s)
    logger.info("worker started")
    try:
        worker.run()
    finally:
        worker.close()
        database.close()
    logger.info("worker stopped")


def drain(config: Config, database: Database) -> int:
    """Process every job that is due, in this process; return how many times one was taken up."""
    worker = Worker(config, database)
    count = 0
    try:
        while worker.process_next():
            count += 1
    finally:
        worker.close()
    return count
