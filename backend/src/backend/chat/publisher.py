"""Two threads for all running answers: one sends what waits, one saves it."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from backend.chat.running import RunningAnswer
from backend.db.repositories import messages
from backend.db.session import Database

logger = logging.getLogger(__name__)

# Server processes that share a database tell by this that an answer is still being written.
HEARTBEAT_S: Final = 20.0


class Publisher:
    """Calls on the running answers in turn. The threads sleep while there are none."""

    def __init__(self, database: Database, *, send_interval_s: float, save_interval_s: float):
        self._database = database
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
            ("answer-sender", self.send, self._send_interval_s),
            ("answer-saver", self.save, self._save_interval_s),
        ):
            thread = threading.Thread(
                target=self._repeat, args=(turn, interval_s), name=name, daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """End the threads."""
        self._stopped.set()
        self._some.set()
        for thread in self._threads:
            thread.join()

    def add(self, answer: RunningAnswer) -> None:
        """Look after `answer` from now on."""
        with self._lock:
            self._answers[answer.message.id] = answer
            self._some.set()

    def remove(self, answer: RunningAnswer) -> None:
        """Look after `answer` no more."""
        with self._lock:
            self._answers.pop(answer.message.id, None)
            if not self._answers and not self._stopped.is_set():
                self._some.clear()

    def send(self) -> None:
        """Publish the text that waits."""
        for answer in self._running():
            answer.send_if_due()

    def save(self) -> None:
        """Commit the text so far of all answers in one transaction."""
        texts = {
            answer: text
            for answer in self._running()
            if (text := answer.unsaved_text(HEARTBEAT_S)) is not None
        }
        if not texts:
            return
        with self._database.db_transaction() as session:
            messages.save_texts(
                session, {answer.message.id: text for answer, text in texts.items()}
            )
        for answer, text in texts.items():
            answer.note_saved(len(text))

    def _running(self) -> list[RunningAnswer]:
        with self._lock:
            return list(self._answers.values())

    def _repeat(self, turn: Callable[[], None], interval_s: float) -> None:
        due_s = time.monotonic()
        while self._some.wait() and not self._stopped.wait(max(0.0, due_s - time.monotonic())):
            due_s = time.monotonic() + interval_s
            try:
                turn()
            except Exception:
                logger.exception("running answers could not be sent or saved; trying again")
