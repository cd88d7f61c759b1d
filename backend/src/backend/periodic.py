"""Work that is done again and again in the background."""

import logging
import threading
from collections.abc import Callable

logger = logging.getLogger(__name__)


class Periodic:
    """Calls `action` every `interval_s` in a thread; an error is logged and the next call comes."""

    def __init__(self, name: str, interval_s: float, action: Callable[[], object]) -> None:
        self._interval_s = interval_s
        self._action = action
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread; the first call comes after `interval_s`."""
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Let no further call begin, and wait for a running one."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._stopping.wait(self._interval_s):
            try:
                self._action()
            except Exception:
                logger.exception("background work failed", extra={"work": self._thread.name})
