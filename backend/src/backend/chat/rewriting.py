"""Asks the chosen model what a follow-up means: better than rules, if it answers in time."""

import logging
from collections.abc import Sequence
from typing import Final

from backend.chat.brief import ask_briefly
from backend.llm.base import ChatRequest, Provider, Turn

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
    text = ask_briefly(provider, request, timeout_s=timeout_s, max_characters=_MAX_CHARACTERS)
    if text is not None and ("\n" in text or not any(map(str.isalnum, text))):
        text = None
    if text is None:
        logger.warning("question not rewritten", extra={"model": model})
    return text
