"""The ingest queue as a worker sees it: lease a job, keep it, give it back.

Every write of a worker goes through `transaction`, which first renews the lease. So a
worker whose job was canceled, deleted or given to another one changes nothing any more,
and a job nobody writes for is free again after INGEST_LEASE_S.
"""

import logging
import os
import secrets
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path

from sqlalchemy.orm import Session

from backend.clock import utc_now
from backend.config import Config
from backend.db.repositories import ingest_jobs, reembedding
from backend.db.repositories.embedding_models import ModelsInUse
from backend.db.repositories.ingest_jobs import DeadLease, JobRecord
from backend.db.session import Database
from backend.errors import DocumentCrashed, DocumentTimeout, IngestError, TransientIngestError
from backend.ingest.process_limits import take_last_words, was_time_up

logger = logging.getLogger(__name__)


class LeaseLost(Exception):
    """The job was canceled or deleted, or its lease expired."""


class TurnOver(Exception):
    """The job should be given back for now, so that others go first."""


class IngestQueue:
    """One worker's view of the queue."""

    def __init__(self, config: Config, database: Database) -> None:
        self._config = config
        self._database = database
        self.owner = f"{_process_name()}:{secrets.token_hex(4)}"

    def lease(self, *, with_reembedding: bool = True) -> JobRecord | None:
        """Return the next job, now leased to this worker, or None.

        A document whose worker's time was up ends `failed`, and so does one whose workers
        died INGEST_MAX_ATTEMPTS times.
        """
        with self._database.db_session() as session:
            if not ingest_jobs.is_any_open(session):
                return None
        while True:
            with self._database.db_transaction() as session:
                now = utc_now()
                for lease in ingest_jobs.take_dead_leases(session, _is_dead, now):
                    self._judge(session, lease)
                job = ingest_jobs.lease_next(
                    session,
                    self.owner,
                    now,
                    self._config.ingest_lease_s,
                    with_reembedding=with_reembedding,
                )
                if job is None or job.attempts <= self._config.ingest_max_attempts:
                    return job
                self._end_failed(session, job.document_id, DocumentCrashed())

    def queue_lacking(self, models: ModelsInUse) -> None:
        """Queue every document that is taken in, but not embedded by the target model."""
        while True:
            with self._database.db_transaction() as session:
                count = reembedding.queue_lacking(session, models)
            if not count:
                return
            logger.info("documents will be embedded anew", extra={"documents": count})

    def enqueue_again(self, session: Session, job: JobRecord, size_bytes: int) -> None:
        """Let a document that was just taken in wait for its re-embedding."""
        ingest_jobs.enqueue(session, job.user_id, job.document_id, size_bytes, utc_now())

    @contextmanager
    def transaction(self, job: JobRecord) -> Iterator[Session]:
        """Give a transaction of the worker that holds `job`, and renew its lease.

        Raises:
            LeaseLost: it does not hold it any more; nothing was written.
        """
        with self._database.db_transaction() as session:
            lease_s = self._config.ingest_lease_s
            if not ingest_jobs.renew(session, job.document_id, self.owner, utc_now(), lease_s):
                raise LeaseLost
            yield session

    def release(self, job: JobRecord) -> None:
        """Give an unfinished job back, to be gone on with at once; the attempt does not count."""
        with self.transaction(job) as session:
            attempts = ingest_jobs.attempts(session, job.document_id)
            ingest_jobs.release(session, job.document_id, self.owner, utc_now(), attempts - 1)

    def fail(self, job: JobRecord, error: IngestError) -> None:
        """End the document `failed`, or try it again later if that may help."""
        with self.transaction(job) as session:
            attempts = ingest_jobs.attempts(session, job.document_id)
            may_retry = isinstance(error, TransientIngestError)
            if may_retry and attempts < self._config.ingest_max_attempts:
                pause = timedelta(seconds=self._pause_s(attempts))
                ingest_jobs.release(
                    session, job.document_id, self.owner, utc_now() + pause, attempts
                )
            else:
                self._end_failed(session, job.document_id, error)

    def has_newcomer(self) -> bool:
        """Return whether a document waits that cannot be searched yet."""
        with self._database.db_session() as session:
            return ingest_jobs.is_newcomer_waiting(session, utc_now())

    def is_turn_over(self, job: JobRecord) -> bool:
        """Return whether a document that takes long to read should let others go first."""
        with self._database.db_session() as session:
            return ingest_jobs.is_turn_over(session, job.document_id, utc_now())

    def has_anybody(self) -> bool:
        """Return whether a document waits for anything but re-embedding."""
        with self._database.db_session() as session:
            return ingest_jobs.is_anybody_waiting(session, utc_now())

    def watchdog_path(self, owner: str) -> Path:
        """Return where the watchdog of the worker `owner` writes."""
        return self._config.data_dir / "workers" / f"{owner.rsplit(':', 1)[1]}.txt"

    def _judge(self, session: Session, lease: DeadLease) -> None:
        """Decide what a document has to do with the death of its worker."""
        last_words = take_last_words(self.watchdog_path(lease.owner))
        logger.warning(
            "worker died", extra={"document_id": lease.document_id, "last_words": last_words}
        )
        if was_time_up(last_words):
            self._end_failed(session, lease.document_id, DocumentTimeout())
        elif lease.attempts >= self._config.ingest_max_attempts:
            self._end_failed(session, lease.document_id, DocumentCrashed())
        elif last_words:
            # It crashed: others go first now.
            pause = timedelta(seconds=self._pause_s(lease.attempts))
            ingest_jobs.postpone(session, lease.document_id, utc_now() + pause)

    def _end_failed(self, session: Session, document_id: str, error: IngestError) -> None:
        ingest_jobs.end(session, document_id)
        reembedding.end_failed(session, document_id, error.code, error.message)
        logger.warning(
            "document failed", extra={"document_id": document_id, "error_code": error.code}
        )

    def _pause_s(self, attempts: int) -> float:
        return self._config.ingest_retry_base_s * float(2 ** (attempts - 1))


class Turn:
    """How long a worker stays with a document that others may have to wait for."""

    def __init__(self, queue: IngestQueue, job: JobRecord, seconds: float) -> None:
        self._queue = queue
        self._job = job
        self._ends_at = time.monotonic() + seconds

    def is_over(self) -> bool:
        """Return whether the time is up and somebody waits; ask after a commit."""
        return time.monotonic() > self._ends_at and self._queue.is_turn_over(self._job)


def _process_name() -> str:
    """Return a name of this process that no other has, also after its number was reused."""
    return f"{socket.gethostname()}:{os.getpid()}:{_process_nonce()}"


@cache
def _process_nonce() -> str:
    return secrets.token_hex(4)


def _is_dead(owner: str) -> bool:
    """Return whether `owner` belonged to a process of this machine that has ended."""
    host, pid, _nonce, _worker = owner.rsplit(":", 3)
    if host != socket.gethostname() or sys.platform == "win32":
        return False
    if int(pid) == os.getpid():
        return not owner.startswith(_process_name())
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
