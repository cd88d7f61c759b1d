"""Tells open pages how their documents fare, by looking at the rows that changed."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from backend.api import serializers
from backend.clock import utc_now
from backend.db.repositories import documents, ingest_jobs
from backend.db.repositories.documents import DocumentRecord
from backend.db.session import Database

Emit = Callable[[str, dict[str, Any], str], None]

# A change becomes visible at its commit, later than its `updated_at` by at most this.
_LATE_COMMIT = timedelta(seconds=10)
_MAX_CHANGES = 10_000
# New places in the queue are told this often at most, and only to those near its front.
_PLACES_INTERVAL_S = 1.0
_PLACES_TOLD = 50


class DocumentEvents:
    """Emits `document_updated` to the owner of each document that changed since the last look."""

    def __init__(
        self, database: Database, emit: Emit, places_interval_s: float = _PLACES_INTERVAL_S
    ) -> None:
        """`emit(event, data, user_id)` sends to that user's connections."""
        self._places_interval_s = places_interval_s
        self._database = database
        self._emit = emit
        self._since = utc_now()
        self._told: dict[str, datetime] = {}
        self._places: dict[str, int] = {}
        self._are_places_stale = False
        self._places_at = 0.0

    def emit_changes(self) -> int:
        """Emit all changes not told yet and return their number."""
        with self._database.db_session() as session:
            changed = documents.changed_since(session, self._since, _MAX_CHANGES)
            fresh = [d for d in changed if self._told.get(d.id) != d.updated_at]
            moved = self._moved(session, fresh)
            told = [*documents.with_queue_positions(session, fresh), *moved]
        for document in told:
            if document.deleted_at is None:  # deletion is told when it happens
                data = {"document": serializers.document(document)}
                self._emit("document_updated", data, document.user_id)
        if changed:
            self._since = max(self._since, changed[-1].updated_at - _LATE_COMMIT)
        self._told = {d.id: d.updated_at for d in changed}
        return len(told)

    def _moved(self, session: Session, fresh: list[DocumentRecord]) -> list[DocumentRecord]:
        """Return the unchanged documents near the front of the queue whose place is new."""
        self._are_places_stale = self._are_places_stale or bool(fresh)
        is_too_soon = time.monotonic() - self._places_at < self._places_interval_s
        if not self._are_places_stale or is_too_soon:
            return []
        before, self._places = self._places, ingest_jobs.queue_positions(session)
        self._are_places_stale = False
        self._places_at = time.monotonic()
        changed = {document.id for document in fresh}
        ids = [
            document_id
            for document_id, place in self._places.items()
            if place <= _PLACES_TOLD
            and document_id not in changed
            and before.get(document_id, place) != place
        ]
        return documents.with_queue_positions(session, documents.load_many(session, ids))
