"""Short questions of our own to a model, which nobody waits for longer than a few seconds."""

import logging
import threading
from contextlib import closing
from contextvars import copy_context

from backend.errors import ProviderError
from backend.llm.base import ChatRequest, Provider, TextDelta

logger = logging.getLogger(__name__)


def ask_briefly(
    provider: Provider, request: ChatRequest, *, timeout_s: float, max_characters: int
) -> str | None:
    """Return the model's whole answer, without blanks and quotation marks around it.

    None, and a line in the log, if the model fails, writes more than `max_characters`, or is
    not done after `timeout_s`; its connection is closed with the next piece it sends then.
    """
    answer = _Answer(max_characters)
    thread = threading.Thread(
        target=copy_context().run, args=(answer.fill, provider, request), daemon=True
    )
    thread.start()
    thread.join(timeout_s)
    return answer.take()


class _Answer:
    """What one thread writes and another takes, or gives up."""

    def __init__(self, max_characters: int) -> None:
        self._max_characters = max_characters
        self._lock = threading.Lock()
        self._text: str | None = None
        self._is_taken = False

    def fill(self, provider: Provider, request: ChatRequest) -> None:
        text = ""
        try:
            with closing(provider.stream(request)) as events:
                for event in events:
                    text += event.text if isinstance(event, TextDelta) else ""
                    if self._is_taken or len(text) > self._max_characters:
                        return
        except ProviderError as error:
            logger.info("a short question failed", extra={"code": error.code})
            return
        except Exception:
            logger.exception("a short question failed")
            return
        with self._lock:
            self._text = text.strip().strip('"“”').strip()

    def take(self) -> str | None:
        with self._lock:
            self._is_taken = True
            return self._text
