"""The state of one answer while it is being written."""

import threading
from collections.abc import Callable, Sequence
from typing import Final

from backend.chat.events import AnswerText, Publish
from backend.chat.memory import Memory, State
from backend.chat.retrieval import Source
from backend.db.repositories.messages import NOT_METERED, MessageRecord

# What an answer may cost on the wire beyond its text (docs/decisions/0006-streaming.md). A
# piece costs about so many bytes on a compressed connection …
_PIECE_BYTES: Final = 12
# … and an answer of any length may spend these, a longer one a quarter of its own size more.
_ALLOWANCE_BYTES: Final = 4096
_ALLOWANCE_PER_BYTE: Final = 0.25
# Text never waits longer than this for more to go with it.
_LONGEST_WAIT_S: Final = 1.0


class RunningAnswer:
    """Gathers an answer's text and passes it on in pieces. Safe to use from any thread.

    A piece goes out as soon as the last one is old enough. Once an answer of many small
    pieces has used up its allowance, text is gathered for up to a second. Pieces are published
    under the lock, so that they arrive in order and none follows the end.
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
        self.is_launched = False  # whether its row is committed and its thread starts
        self.closed = threading.Event()  # set when its end has been saved and published
        self._publish = publish
        self._interval_s = interval_s
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._text = ""
        self._sent_length = 0
        self._sent_at_s = float("-inf")
        self._allowance = float(_ALLOWANCE_BYTES)
        self._saved_length = 0
        self._saved_at_s = clock_s()
        self._half_character = ""
        self._ended = False

    @property
    def ended(self) -> bool:
        """Whether the text is final."""
        return self._ended

    @property
    def is_waiting(self) -> bool:
        """Whether some text has not been published yet."""
        return self._sent_length != len(self._text)

    @property
    def text(self) -> str:
        """The whole text so far, whether published or not."""
        return self._text

    def append(self, text: str) -> bool:
        """Add to the answer; False (and nothing is added) if it has ended."""
        with self._lock:
            if self._ended:
                return False
            addition = self._storable(text)
            self._text += addition
            self._allowance += _ALLOWANCE_PER_BYTE * len(addition.encode())
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

    def is_unsaved(self, heartbeat_s: float) -> bool:
        """Tell whether some text has not been saved, or nothing has for `heartbeat_s`."""
        with self._lock:
            recent = self._clock_s() - self._saved_at_s < heartbeat_s
            return not recent or len(self._text) != self._saved_length

    def note_saved(self, length: int) -> None:
        """Note that the first `length` code points have been committed."""
        with self._lock:
            self._saved_length = length
            self._saved_at_s = self._clock_s()

    def _send_if_due(self) -> None:
        waited_s = self._clock_s() - self._sent_at_s
        can_afford = self._allowance >= _PIECE_BYTES or waited_s >= _LONGEST_WAIT_S
        if can_afford and waited_s >= self._interval_s:
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
        self._allowance = max(0.0, self._allowance - _PIECE_BYTES)

    def _storable(self, text: str) -> str:
        """Return `text` without what no database takes: NUL and halves of surrogate pairs.

        Some servers cut between the halves; the first waits for the second.
        """
        text = (self._half_character + text).replace("\x00", "")
        self._half_character = ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            self._half_character, text = text[-1], text[:-1]
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
