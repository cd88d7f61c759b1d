"""Names a conversation after its first question."""

import re
from typing import Final

from backend.chat.wording import one_line

MAX_CHARACTERS: Final = 60

_MARKUP: Final = re.compile(r"^[#>*\-\s]+|[`*_]{1,3}(?=\S)|(?<=\S)[`*_]{1,3}")


def title_from_question(question: str) -> str:
    """Return the question's beginning on one line, cut between words."""
    title = one_line(_MARKUP.sub("", question)) or one_line(question)
    if len(title) <= MAX_CHARACTERS:
        return title
    cut = title[: MAX_CHARACTERS - 1]
    words, _, _ = cut.rpartition(" ")
    return f"{(words or cut).rstrip(' ,;:.-')}…"
