"""Asks the chosen model what a follow-up means: better than rules, if it answers in time."""

import logging
import threading
from collections.abc import Sequence
from contextlib import closing
from contextvars import copy_context
from typing import Final

from backend.errors import ProviderError
from backend.llm.base import ChatRequest, Provider, TextDelta, Turn

logger = logging.getLogger(__name__)

_MAX_EARLIER: Final = 4
_MAX_CHARACTERS: Final = 500
_INSTRUCTIONS: Final = """\
Rewrite the last question so that it can be understood without the ones before it. Put in \
the names and dates that it refers to. Keep its language. Do not answer it. Write nothing but \
the question, on one line."""


def rewrite(
    provider: Provider, model: str, question: str, earlier: Sequence[str], timeout_s: float
) -> str | None:
    """Return the question in words that need no others.

    None, and a line in the log, if the model fails, gives no single short line, or is not
    done after `timeout_s`; its connection is closed with the next piece it sends then.
    """
    asked = "\n".join(
        f"- {text[:_MAX_CHARACTERS]}" for text in [*earlier[-_MAX_EARLIER:], question]
    )
    turns = [Turn("system", _INSTRUCTIONS), Turn("user", asked)]
    request = ChatRequest(model=model, turns=turns, question=question, has_documents=False)
    answer = _Answer()
    thread = threading.Thread(
        target=copy_context().run, args=(answer.fill, provider, request), daemon=True
    )
    thread.start()
    thread.join(timeout_s)
    text = answer.take()
    if text is None:
        logger.warning("question not rewritten", extra={"model": model})
    return text


class _Answer:
    """What one thread writes and another takes, or gives up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._text: str | None = None
        self._is_taken = False

    def fill(self, provider: Provider, request: ChatRequest) -> None:
        text = ""
        try:
            with closing(provider.stream(request)) as events:
                for event in events:
                    text += event.text if isinstance(event, TextDelta) else ""
                    if self._is_taken or len(text) > _MAX_CHARACTERS:
                        return
        except ProviderError as error:
            logger.info("rewriting failed", extra={"code": error.code})
            return
        except Exception:
            logger.exception("rewriting failed")
            return
        with self._lock:
            self._text = text.strip().strip('"“”').strip()

    def take(self) -> str | None:
        with self._lock:
            self._is_taken = True
            text = self._text
        if text is None or "\n" in text or not any(map(str.isalnum, text)):
            return None
        return text
