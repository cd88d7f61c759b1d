"""How much of what was found and said before a model is given."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from math import inf
from typing import Final

from backend.chat.tokens import estimate_tokens
from backend.errors import ContextTooLong

_ANSWER_TOKENS: Final = 4_096  # kept free for the answer unless the conversation says otherwise
_TOO_LONG: Final = (
    "The question with its instructions is longer than this model takes. Shorten it or choose a "
    "model with a larger window."
)


@dataclass(frozen=True, slots=True)
class Budget:
    """What a prompt may take, in the unit of `measure`.

    `limit` bounds what is added to the question; `window` is what the model takes at all, as
    far as it is known.
    """

    limit: float
    window: float
    measure: Callable[[str], float]

    def open(self) -> "Room":
        """Return the room for one prompt."""
        return Room(self)

    def smaller_than(self, used: float) -> "Budget":
        """Return the budget for another try after a prompt of `used` was too long."""
        return replace(self, limit=min(self.limit, used / 2))


class Room:
    """The room of one prompt, filled part by part: what is taken first has precedence.

    Parts are taken whole or not at all.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self.used = 0.0

    @property
    def left(self) -> float:
        """How much more fits; may be negative after `require`."""
        return self._budget.limit - self.used

    def require(self, *texts: str) -> None:
        """Take what the prompt cannot do without, also beyond the limit.

        Raises:
            ContextTooLong: the model's window is known and smaller.
        """
        self.used += sum(map(self._budget.measure, texts))
        if self.used > self._budget.window:
            raise ContextTooLong(_TOO_LONG)

    def take_first(self, texts: Iterable[str], *, share: float = 1.0) -> int:
        """Take texts in their order until one does not fit and return how many were taken.

        Args:
            share: how much of what is left they may take together.
        """
        most = self.used + max(0.0, self.left) * share
        count = 0
        for text in texts:
            size = self._budget.measure(text)
            if self.used + size > most:
                break
            self.used += size
            count += 1
        return count


def in_characters(limit: int) -> Budget:
    """Return a budget that counts characters and knows of no window."""
    return Budget(limit, inf, len)


@dataclass(frozen=True, slots=True)
class PromptLimits:
    """PROMPT_MAX_CHARACTERS, for models whose window is not known, and PROMPT_MAX_TOKENS."""

    characters: int
    tokens: int

    def of_window(
        self, context_tokens: int | None, max_answer_tokens: int | None, ratio: float
    ) -> Budget:
        """Return the budget for a model with a window of `context_tokens`.

        Args:
            max_answer_tokens: how long the answer may become; that much is kept free, up to
                half of the window.
            ratio: how many tokens the provider counts for one that we estimate.
        """
        if context_tokens is None:
            return in_characters(self.characters)
        if max_answer_tokens is None:
            kept = min(_ANSWER_TOKENS, context_tokens // 4)
        else:
            kept = min(max_answer_tokens, context_tokens // 2)
        window = context_tokens - kept
        return Budget(min(window, self.tokens), window, lambda text: estimate_tokens(text) * ratio)
