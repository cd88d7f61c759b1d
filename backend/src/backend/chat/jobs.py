"""The answers being written: their threads, and their way to exactly one end."""

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from backend.chat.answering import AnswerWriter
from backend.chat.events import Publish
from backend.chat.publisher import Publisher
from backend.chat.running import RunningAnswer
from backend.chat.unsaved import UnsavedEnds
from backend.config import Config
from backend.db.repositories.conversations import ConversationRecord
from backend.db.repositories.messages import MessageRecord
from backend.db.session import Database
from backend.errors import Unavailable
from backend.log_context import current_fields, log_context

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be answered, by which model, and the conversation as it was when it was asked."""

    question: MessageRecord
    model: str
    conversation: ConversationRecord


class AnswerJobs:
    """Runs each answer in a thread of its own. Safe to use from any thread."""

    def __init__(
        self, database: Database, config: Config, writer: AnswerWriter, publish: Publish
    ) -> None:
        self.unsaved = UnsavedEnds(database)
        self._writer = writer
        self._publish = publish
        self._send_interval_s = 1 / config.chat_chunks_per_second
        self._publisher = Publisher(
            database,
            self.unsaved,
            self._stop_for_others,
            is_shared=config.is_shared,
            send_interval_s=self._send_interval_s,
            save_interval_s=config.chat_save_interval_ms / 1000,
        )
        # A thread whose answer was stopped may wait for its provider a little longer, so
        # threads are counted, not answers.
        self._threads = threading.BoundedSemaphore(config.chat_max_running_answers)
        self._lock = threading.Lock()
        self._running: dict[str, RunningAnswer] = {}
        self._stopped = False

    def start(self) -> None:
        """Begin to send and save what running answers hold back."""
        self._publisher.start()

    def stop(self) -> None:
        """End all answers as `interrupted`, their text kept; nothing can be run any more."""
        with self._lock:
            self._stopped = True
        for answer in self.running():
            self.close(answer, "interrupted", thoroughly=False)
        self._publisher.stop()

    def register(self, message: MessageRecord) -> RunningAnswer:
        """Take up the empty answer `message`; `launch` or `discard` it next.

        Raises:
            Unavailable: too many answers are running, or the server is being stopped.
        """
        if not self._threads.acquire(blocking=False):
            raise Unavailable("Too many answers are being written. Please try again in a moment.")
        answer = RunningAnswer(
            message, self._publish, interval_s=self._send_interval_s, clock_s=time.monotonic
        )
        with self._lock:
            refused = self._stopped
            if not refused:
                self._running[message.id] = answer
        if refused:
            self._threads.release()
            raise Unavailable
        self._publisher.add(answer)
        return answer

    def discard(self, answer: RunningAnswer) -> None:
        """Drop an answer that was registered but never launched."""
        self._forget(answer)
        self._threads.release()

    def launch(self, answer: RunningAnswer, task: Task) -> None:
        """Start the thread that writes the answer."""
        thread = threading.Thread(
            target=self._run, args=(answer, task, current_fields()), name="answer", daemon=True
        )
        answer.is_launched = True
        try:
            thread.start()
        except RuntimeError:  # the system gives no more threads
            self._threads.release()
            self.close(answer, "failed", Unavailable())

    def close(
        self,
        answer: RunningAnswer,
        status: str,
        problem: Exception | None = None,
        *,
        thoroughly: bool = True,
    ) -> None:
        """Save and publish the answer's end, unless that was done before.

        Args:
            thoroughly: whether citations may be compared by meaning, which takes a while.
        """
        if not answer.end():
            return
        try:
            unsaved = self._writer.finish(answer, status, problem, thoroughly=thoroughly)
            if unsaved is not None:
                self.unsaved.add(unsaved)
        finally:
            self._forget(answer)
            answer.closed.set()

    def find(self, message_id: str) -> RunningAnswer | None:
        """Return the answer if it is being written in this process."""
        with self._lock:
            return self._running.get(message_id)

    def knows(self, message_id: str) -> bool:
        """Tell whether this process writes the answer, or still has to save its end."""
        return self.find(message_id) is not None or self.unsaved.find(message_id) is not None

    def running(self) -> list[RunningAnswer]:
        """Return all answers that are being written in this process."""
        with self._lock:
            return list(self._running.values())

    def _stop_for_others(self, answer: RunningAnswer) -> None:
        self.close(answer, "stopped", thoroughly=False)

    def _run(self, answer: RunningAnswer, task: Task, fields: Mapping[str, str]) -> None:
        """Write one answer: the outermost frame of its thread."""
        with log_context(**{**fields, "message_id": answer.message.id}):
            try:
                self._writer.write(answer, task.question, task.model, task.conversation)
            except Exception as problem:  # noqa: BLE001 - `finish` logs it
                self.close(answer, "failed", problem)
            else:
                self.close(answer, "complete")
            finally:
                self._threads.release()

    def _forget(self, answer: RunningAnswer) -> None:
        with self._lock:
            self._running.pop(answer.message.id, None)
        self._publisher.remove(answer)
