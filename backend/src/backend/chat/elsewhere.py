"""Answers that another server process writes: asked for by their rows.

A process leaves a request in the row; the one that writes the answer sees it when it saves,
at most CHAT_SAVE_INTERVAL_MS later. Events reach all processes through Redis by themselves.
"""

import threading
import time
from collections.abc import Callable
from typing import Final

from backend.chat.events import AnswerEnded, Publish
from backend.db.repositories import messages
from backend.db.repositories.messages import SAVE, STOP, STREAMING, MessageRecord, WriterRequest
from backend.db.session import Database
from backend.errors import AlreadyEnded

# After that long without a sign the writer counts as dead, or as much too slow.
ANSWER_DEADLINE_S: Final = 3.0
_POLL_S: Final = 0.05


def settle(
    database: Database, publish: Publish, message: MessageRecord, status: str
) -> MessageRecord:
    """End an answer whose writer is gone with the text of its row, and publish that.

    Nothing is published if somebody else has ended it: whoever ends a row tells of it.
    """
    try:
        with database.db_transaction() as session:
            row = messages.get(session, message.user_id, message.id)
            ended = messages.finish(
                session, row.user_id, row.id, content=row.content, status=status
            )
    except AlreadyEnded:
        with database.db_session() as session:
            return messages.get(session, message.user_id, message.id)
    publish(ended.user_id, AnswerEnded(ended))
    return ended


class OtherWriters:
    """Reaches the process that writes an answer."""

    def __init__(self, database: Database, publish: Publish) -> None:
        self._database = database
        self._publish = publish
        self._stopping = threading.Event()

    def close(self) -> None:
        """Let nobody wait any longer: this process is being stopped."""
        self._stopping.set()

    def stop(self, message: MessageRecord) -> MessageRecord:
        """End the answer as `stopped`; if its writer does not react, with its row's text.

        Raises:
            NotFound: it was deleted meanwhile.
        """
        found = self._ask(message, STOP, lambda row: row.status != STREAMING)
        if found.status == STREAMING:
            return settle(self._database, self._publish, found, "stopped")
        return found

    def text_so_far(self, message: MessageRecord) -> MessageRecord:
        """Return the message with all text that was published before this call.

        If its writer does not react, that is the text last saved.

        Raises:
            NotFound: it was deleted meanwhile.
        """
        return self._ask(
            message, SAVE, lambda row: row.status != STREAMING or row.writer_request is None
        )

    def _ask(
        self,
        message: MessageRecord,
        what: WriterRequest,
        is_done: Callable[[MessageRecord], bool],
    ) -> MessageRecord:
        with self._database.db_transaction() as session:
            messages.request(session, message.id, what)
        deadline_s = time.monotonic() + ANSWER_DEADLINE_S
        while True:
            with self._database.db_session() as session:
                found = messages.get(session, message.user_id, message.id)
            if is_done(found) or time.monotonic() > deadline_s or self._stopping.wait(_POLL_S):
                return found
