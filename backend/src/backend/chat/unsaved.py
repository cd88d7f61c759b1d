"""Ends of answers that could not be saved yet: the database was locked or the disk full."""

import logging
import threading
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from backend.db.repositories import messages
from backend.db.repositories.messages import MessageRecord, Metering
from backend.db.session import Database
from backend.errors import AlreadyEnded, NotFound

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FailedEnd:
    """How an answer failed: what its row is to say."""

    user_id: str
    message_id: str
    content: str
    error: dict[str, Any]
    no_answer: bool
    metering: Metering
    memories_state: str | None

    def save(self, session: Session) -> None:
        """Write it to the row.

        Raises:
            NotFound: the message was deleted in the meantime.
            AlreadyEnded: somebody else ended it.
        """
        messages.finish(
            session,
            self.user_id,
            self.message_id,
            content=self.content,
            status="failed",
            error=self.error,
            no_answer=self.no_answer,
            metering=self.metering,
            memories_state=self.memories_state,
        )

    def shown_on(self, message: MessageRecord) -> MessageRecord:
        """Return the message as it will be once this is saved."""
        return replace(
            message,
            content=self.content,
            status="failed",
            error=self.error,
            no_answer=self.no_answer,
            metering=self.metering,
            memories_state=self.memories_state,
        )


class UnsavedEnds:
    """Keeps ends until they are saved. Their error has been published. Safe from any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._ends: dict[str, FailedEnd] = {}

    def add(self, end: FailedEnd) -> None:
        """Keep an end."""
        with self._lock:
            self._ends[end.message_id] = end

    def find(self, message_id: str) -> FailedEnd | None:
        """Return the end of an answer if it waits here."""
        with self._lock:
            return self._ends.get(message_id)

    def __bool__(self) -> bool:
        return bool(self._ends)

    def save(self) -> None:
        """Try to save each; what cannot be saved is kept."""
        with self._lock:
            ends = list(self._ends.values())
        for end in ends:
            try:
                with self._database.db_transaction() as session:
                    end.save(session)
            except (NotFound, AlreadyEnded):
                logger.info("an unsaved end is not needed", extra={"message_id": end.message_id})
            with self._lock:
                self._ends.pop(end.message_id, None)
