"""Two threads for all running answers: one sends what waits, one saves it."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from backend.chat.running import RunningAnswer
from backend.chat.unsaved import UnsavedEnds
from backend.db.repositories import messages
from backend.db.repositories.messages import SAVE, STOP
from backend.db.session import Database

logger = logging.getLogger(__name__)

# Server processes that share a database tell by this that an answer is still being written.
HEARTBEAT_S: Final = 5.0
# How often the sender looks, within the time between two pieces, for one that has become due.
_TURNS_PER_PIECE: Final = 4


class Publisher:
    """Calls on the running answers in turn. The threads sleep while there are none."""

    def __init__(
        self,
        database: Database,
        unsaved: UnsavedEnds,
        stop_answer: Callable[[RunningAnswer], None],
        *,
        is_shared: bool,
        send_interval_s: float,
        save_interval_s: float,
    ):
        """Make it; `start` begins.

        Args:
            stop_answer: ends an answer that another server process wants to be stopped, or
                whose row is gone.
            is_shared: whether other server processes use the same database.
        """
        self._database = database
        self._unsaved = unsaved
        self._stop_answer = stop_answer
        self._is_shared = is_shared
        self._send_interval_s = send_interval_s
        self._save_interval_s = save_interval_s
        self._lock = threading.Lock()
        self._answers: dict[str, RunningAnswer] = {}
        self._some = threading.Event()
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start the threads."""
        for name, turn, interval_s in (
            ("answer-sender", self.send, self._send_interval_s / _TURNS_PER_PIECE),
            ("answer-saver", self.save, self._save_interval_s),
        ):
            thread = threading.Thread(
                target=self._repeat, args=(turn, interval_s), name=name, daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """End the threads; ends not saved yet are tried once more."""
        self._stopped.set()
        self._some.set()
        for thread in self._threads:
            thread.join()
        try:
            self._unsaved.save()
        except Exception:
            logger.exception("ends of answers could not be saved; they will be `interrupted`")

    def add(self, answer: RunningAnswer) -> None:
        """Look after `answer` from now on."""
        with self._lock:
            self._answers[answer.message.id] = answer
            self._some.set()

    def remove(self, answer: RunningAnswer) -> None:
        """Look after `answer` no more."""
        with self._lock:
            self._answers.pop(answer.message.id, None)
            self._rest_if_idle()

    def send(self) -> None:
        """Publish the text that waits."""
        for answer in self._running():
            if answer.is_waiting:
                answer.send_if_due()

    def save(self) -> None:
        """Commit the text so far of all answers in one transaction, and do what others ask."""
        self._unsaved.save()
        with self._lock:
            self._rest_if_idle()
        answers = self._running()
        launched = {answer.message.id: answer for answer in answers if answer.is_launched}
        if not self._is_shared and not any(a.is_unsaved(HEARTBEAT_S) for a in answers):
            return
        with self._database.db_transaction() as session:
            # Read before the texts: who asks for them gets all that was sent before.
            requests = messages.requests(session, launched) if self._is_shared else {}
            texts = {
                answer: answer.text
                for answer in answers
                if answer.is_unsaved(HEARTBEAT_S) or requests.get(answer.message.id) == SAVE
            }
            messages.save_texts(
                session, {answer.message.id: text for answer, text in texts.items()}
            )
        for answer, text in texts.items():
            answer.note_saved(len(text))
        if self._is_shared:
            for message_id, answer in launched.items():
                if requests.get(message_id, STOP) == STOP:  # no row: it was deleted
                    self._stop_answer(answer)

    def _running(self) -> list[RunningAnswer]:
        with self._lock:
            return list(self._answers.values())

    def _rest_if_idle(self) -> None:
        if not self._answers and not self._unsaved and not self._stopped.is_set():
            self._some.clear()

    def _repeat(self, turn: Callable[[], None], interval_s: float) -> None:
        due_s = time.monotonic()
        while self._some.wait() and not self._stopped.wait(max(0.0, due_s - time.monotonic())):
            due_s = time.monotonic() + interval_s
            try:
                turn()
            except Exception:
                logger.exception("running answers could not be sent or saved; trying again")
