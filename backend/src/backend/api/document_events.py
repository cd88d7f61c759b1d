"""Tells open pages how their documents fare, by looking at the rows that changed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from backend.api import serializers
from backend.clock import utc_now
from backend.db.repositories import documents
from backend.db.session import Database

Emit = Callable[[str, dict[str, Any], str], None]

# A change becomes visible at its commit, later than its `updated_at` by at most this.
_LATE_COMMIT = timedelta(seconds=10)
_MAX_CHANGES = 10_000


class DocumentEvents:
    """Emits `document_updated` to the owner of each document that changed since the last look."""

    def __init__(self, database: Database, emit: Emit) -> None:
        """`emit(event, data, user_id)` sends to that user's connections."""
        self._database = database
        self._emit = emit
        self._since = utc_now()
        self._told: dict[str, datetime] = {}

    def emit_changes(self) -> int:
        """Emit all changes not told yet and return their number."""
        with self._database.db_session() as session:
            changed = documents.changed_since(session, self._since, _MAX_CHANGES)
        fresh = [d for d in changed if self._told.get(d.id) != d.updated_at]
        for document in fresh:
            if document.deleted_at is None:  # deletion is told when it happens
                data = {"document": serializers.document(document)}
                self._emit("document_updated", data, document.user_id)
        if changed:
            self._since = max(self._since, changed[-1].updated_at - _LATE_COMMIT)
        self._told = {d.id: d.updated_at for d in changed}
        return len(fresh)
