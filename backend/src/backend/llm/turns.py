"""Prompts as providers want them that are strict about whose turn it is."""

from collections.abc import Iterable
from itertools import groupby

from backend.llm.base import Turn

# What stands before an answer that comes first, because its question no longer fits.
EARLIER = "(The beginning of the conversation is left out.)"


def split_turns(turns: Iterable[Turn]) -> tuple[str, list[Turn]]:
    """Return the instructions, and turns that alternate and begin with the user's.

    Adjacent turns of the same role become one; empty ones, such as answers stopped before
    their first word, are left out.
    """
    said = [turn for turn in turns if turn.content.strip()]
    instructions = "\n\n".join(turn.content for turn in said if turn.role == "system")
    spoken = (turn for turn in said if turn.role != "system")
    merged = [
        Turn(role, "\n\n".join(turn.content for turn in group))
        for role, group in groupby(spoken, key=lambda turn: turn.role)
    ]
    if merged and merged[0].role == "assistant":
        merged.insert(0, Turn("user", EARLIER))
    return instructions, merged
