"""Keeps the lease of a job whose next sign of progress takes long, and notices its loss."""

import logging
import os
import threading
import time

from backend.clock import utc_now
from backend.config import Config
from backend.db.repositories import ingest_jobs
from backend.db.repositories.ingest_jobs import JobRecord
from backend.db.session import Database

logger = logging.getLogger(__name__)

_INTERVAL_S = 0.4
# So often in a row the lease was lost, and still the worker is busy with its job.
_PATIENCE = 3
_EXIT_STATUS = 3


class LeaseKeeper:
    """A thread of the worker's process that looks after the job in hand.

    A canceled or deleted document frees the worker at its next sign of progress; if that
    does not come within about a second, the process ends. That a job hangs is not judged
    here but by the watchdog.
    """

    def __init__(self, config: Config, database: Database, owner: str) -> None:
        self._lease_s = config.ingest_lease_s
        self._database = database
        self._owner = owner
        self._job: JobRecord | None = None
        self._is_lost = False
        threading.Thread(target=self._run, name="lease-keeper", daemon=True).start()

    @property
    def is_lost(self) -> bool:
        """Whether the lease of the present job is gone."""
        return self._is_lost

    def watch(self, job: JobRecord | None) -> None:
        """Look after `job` from now on, or after none."""
        self._job = job
        self._is_lost = False

    def _run(self) -> None:
        looked_at: JobRecord | None = None
        renewed_at, losses = 0.0, 0
        while True:
            time.sleep(_INTERVAL_S)
            job = self._job
            if job is not looked_at:
                looked_at, renewed_at, losses = job, time.monotonic(), 0
            if job is None:
                continue
            try:
                is_due = time.monotonic() - renewed_at > self._lease_s / 4
                holds = self._renew(job) if is_due else self._holds(job)
            except Exception:
                logger.exception("the lease could not be looked after")
                continue
            if holds:
                renewed_at = time.monotonic() if is_due else renewed_at
            elif job is self._job:
                self._is_lost = True
                losses += 1
            if losses >= _PATIENCE and job is self._job:
                logger.warning("worker ends: its job is over", extra={"document": job.document_id})
                os._exit(_EXIT_STATUS)

    def _holds(self, job: JobRecord) -> bool:
        with self._database.db_session() as session:
            return ingest_jobs.holds(session, job.document_id, self._owner)

    def _renew(self, job: JobRecord) -> bool:
        with self._database.db_transaction() as session:
            return ingest_jobs.renew(
                session, job.document_id, self._owner, utc_now(), self._lease_s
            )
