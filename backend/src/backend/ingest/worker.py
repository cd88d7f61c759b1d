"""The ingest worker: a process of its own, so that a hostile file can only end the worker."""

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from backend.config import Config
from backend.db.repositories.ingest_jobs import JobRecord
from backend.db.session import Database, create_database
from backend.embedding_models import EmbeddingModels
from backend.errors import (
    DocumentTooLarge,
    EmbeddingUnavailable,
    IngestError,
    TransientIngestError,
)
from backend.files import FileStore
from backend.ingest import process_limits
from backend.ingest.budget import Budget
from backend.ingest.lease_keeper import LeaseKeeper
from backend.ingest.process_limits import Watchdog
from backend.ingest.queue import IngestQueue, LeaseLost, TurnOver
from backend.log_context import log_context

if TYPE_CHECKING:
    from backend.ingest.embedding_stage import EmbeddingStage
    from backend.ingest.pipeline import Pipeline

logger = logging.getLogger(__name__)

_PAUSE_AFTER_ERROR_S = 1.0
_LOOK_FOR_LACKING_S = 30.0
_LONGEST_REEMBEDDING_PAUSE_S = 300.0


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
        self._models = EmbeddingModels(config, database)
        self._stages: tuple[Pipeline, EmbeddingStage] | None = None
        self._target: str | None = None
        self._look_again_at = 0.0
        self._reembedding_failures = 0
        self._reembedding_from = 0.0
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
        self._look_for_lacking()
        job = self._queue.lease(
            with_reembedding=time.monotonic() >= self._reembedding_from,
        )
        if job is None:
            return False
        with log_context(document_id=job.document_id, user_id=job.user_id), self._guarded(job):
            try:
                self._process(job)
            except LeaseLost:
                logger.info("document canceled, deleted or taken over")
        return True

    def close(self) -> None:
        """Release the embedding models."""
        if self._stages is not None:
            self._stages[1].close()

    def _look_for_lacking(self) -> None:
        """Queue what the models demand: at first, when they change, and now and then."""
        models = self._models.adopt() if self._target is None else self._models.load()
        now = time.monotonic()
        if models.target.name != self._target or now >= self._look_again_at:
            self._queue.queue_lacking(models)
            self._target = models.target.name
            self._look_again_at = now + _LOOK_FOR_LACKING_S

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
            if self._stages is None:
                self._stages = self._load_stages()
            if job.is_reembedding:
                self._embed_again(job)
            else:
                self._take_in(job)
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

    def _take_in(self, job: JobRecord) -> None:
        assert self._stages is not None
        pipeline, embedding = self._stages
        pipeline.extract(job)
        embedding.embed(job)

    def _embed_again(self, job: JobRecord) -> None:
        """Re-embed; a server that does not answer is asked again ever more seldom, and no
        document pays for it."""
        assert self._stages is not None
        try:
            self._stages[1].embed_again(job)
        except EmbeddingUnavailable as error:
            pause_s = self._config.ingest_retry_base_s * 2.0 ** min(self._reembedding_failures, 16)
            pause_s = min(pause_s, _LONGEST_REEMBEDDING_PAUSE_S)
            logger.warning("the next model does not embed", extra={"retry_in_s": pause_s})
            self._reembedding_failures += 1
            self._reembedding_from = time.monotonic() + pause_s
            raise TurnOver from error
        self._reembedding_failures = 0

    def _load_stages(self) -> "tuple[Pipeline, EmbeddingStage]":
        # Imported by the first job, so that an idle worker is small.
        from backend.ingest.embedding_stage import EmbeddingStage
        from backend.ingest.pipeline import Pipeline

        config, database, queue = self._config, self._database, self._queue
        budget = Budget(config, self._check, self._watchdog)
        return (
            Pipeline(config, database, self._files, queue, budget),
            EmbeddingStage(config, database, self._models, queue, budget),
        )

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
