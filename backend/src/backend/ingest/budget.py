"""How long reading a document may take: a budget for opening it, for each page, for all."""

import math
import time
from collections.abc import Callable

from backend.config import Config
from backend.errors import DocumentTimeout
from backend.ingest.process_limits import Watchdog

_SHORTEST_S = 0.1  # the watchdog takes no less than a moment


class Budget:
    """The time of the document in hand.

    Code that returns between two pages meets its end in `tick`; code that does not is
    ended with the process by the watchdog, and the next worker tells why.
    """

    def __init__(self, config: Config, on_tick: Callable[[], None], watchdog: Watchdog | None):
        self._config = config
        self._on_tick = on_tick
        self._watchdog = watchdog
        self._step_s = self._ends_at = math.inf

    def begin_opening(self) -> None:
        """Allow INGEST_DOCUMENT_S until `begin_pages`."""
        self._begin(self._config.ingest_document_s, self._config.ingest_document_s)

    def begin_pages(self, page_count: int) -> None:
        """Allow INGEST_PAGE_MAX_S for each page, and for all of them what their number gives."""
        config = self._config
        total_s = config.ingest_document_s + config.ingest_page_s * page_count
        self._begin(config.ingest_page_max_s, total_s)

    def begin_embedding(self) -> None:
        """Allow a lease's time between two signs of progress, as often as it takes."""
        self._begin(self._config.ingest_lease_s, math.inf)

    def tick(self) -> None:
        """Note a sign of progress.

        Raises:
            DocumentTimeout: all time is used up.
        """
        self._on_tick()
        if time.monotonic() >= self._ends_at:
            raise DocumentTimeout
        self._arm()

    def _begin(self, step_s: float, total_s: float) -> None:
        self._step_s = step_s
        self._ends_at = time.monotonic() + total_s
        self._arm()

    def _arm(self) -> None:
        if self._watchdog is not None:
            left_s = self._ends_at - time.monotonic()
            self._watchdog.allow(max(min(self._step_s, left_s), _SHORTEST_S))
