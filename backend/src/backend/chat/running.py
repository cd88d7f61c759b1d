"""The state of one answer while it is being written."""

import threading
from collections.abc import Callable, Sequence

from backend.chat.events import AnswerText, Publish
from backend.chat.memory import Memory, State
from backend.chat.retrieval import Source
from backend.db.repositories.messages import NOT_METERED, MessageRecord


class RunningAnswer:
    """Gathers an answer's text and passes it on in pieces. Safe to use from any thread.

    Pieces are published under the lock, so that they arrive in order and none follows
    the end.
    """

    def __init__(
        self,
        message: MessageRecord,
        publish: Publish,
        *,
        interval_s: float,
        clock_s: Callable[[], float],
    ) -> None:
        """Make the state of the empty answer `message`.

        Args:
            interval_s: the least time between two published pieces.
        """
        self.message = message
        self.sources: Sequence[Source] = ()  # the passages it was given, once they are found
        self.memories: Sequence[Memory] = ()  # what it was given of other conversations
        self.memories_state: State | None = None  # None: not looked yet
        self.metering = NOT_METERED
        self.no_answer = False  # whether the documents do not clearly answer the question
        self._publish = publish
        self._interval_s = interval_s
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._text = ""
        self._sent_length = 0
        self._sent_at_s = float("-inf")
        self._saved_length = 0
        self._saved_at_s = clock_s()
        self._half_character = ""
        self._ended = False

    @property
    def ended(self) -> bool:
        """Whether the text is final."""
        return self._ended

    def append(self, text: str) -> bool:
        """Add to the answer; False (and nothing is added) if it has ended."""
        with self._lock:
            if self._ended:
                return False
            self._text += self._storable(text)
            self._send_if_due()
            return True

    def send_if_due(self) -> None:
        """Publish what waits, if the last piece is old enough."""
        with self._lock:
            self._send_if_due()

    def read(self) -> str:
        """Return the whole text; pieces published from now on continue where it ends."""
        with self._lock:
            self._send()
            return self._text

    def end(self) -> bool:
        """Publish what waits and take nothing more; False if it had ended before."""
        with self._lock:
            if self._ended:
                return False
            self._send()
            self._ended = True
            return True

    def unsaved_text(self, heartbeat_s: float) -> str | None:
        """Return the whole text if some of it, or nothing for `heartbeat_s`, was saved."""
        with self._lock:
            recent = self._clock_s() - self._saved_at_s < heartbeat_s
            return None if recent and len(self._text) == self._saved_length else self._text

    def note_saved(self, length: int) -> None:
        """Note that the first `length` code points have been committed."""
        with self._lock:
            self._saved_length = length
            self._saved_at_s = self._clock_s()

    def _send_if_due(self) -> None:
        if self._clock_s() - self._sent_at_s >= self._interval_s:
            self._send()

    def _send(self) -> None:
        piece = self._text[self._sent_length :]
        if not piece or self._ended:
            return
        message = self.message
        self._publish(
            message.user_id,
            AnswerText(message.conversation_id, message.id, self._sent_length, piece),
        )
        self._sent_length = len(self._text)
        self._sent_at_s = self._clock_s()

    def _storable(self, text: str) -> str:
        """Return `text` without what no database takes: NUL and halves of surrogate pairs.

        Some servers cut between the halves; the first waits for the second.
        """
        text = (self._half_character + text).replace("\x00", "")
        self._half_character = ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            self._half_character, text = text[-1], text[:-1]
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
