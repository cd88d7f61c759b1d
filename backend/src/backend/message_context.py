"""What stands around a part of a message, and what it adds to the part's words and vector.

A turn is short and leans on the one before it. It leans most on a question, whose words the
answer leaves out ("Where did you go?", "To the lake."): docs/memory.md has the measurements.
"""

from typing import Final

from backend.chat.when import spoken_date
from backend.config import Config
from backend.db.repositories.message_passages import PassageRecord
from backend.ingest.sentences import split_sentences

_CHARACTERS: Final = 300  # the model reads some 250 words, the passage's own first
_CLOSING: Final = ")]}\"'”’»」』）* "
# Latin, Chinese and Japanese, Arabic, Greek, Armenian, Ethiopic.
_QUESTION_MARKS: Final = ("?", "？", "؟", "\u037e", "՞", "፧")


def context_of(passage: PassageRecord) -> str:
    """Return the last words before a passage, whole ones."""
    tail = passage.before[-_CHARACTERS:]
    if len(tail) < len(passage.before):
        tail = tail.partition(" ")[2]
    return tail


def words_around(passage: PassageRecord, config: Config) -> tuple[tuple[str, float], ...]:
    """Return the texts whose words count besides a passage's own, each with its weight."""
    asked, told = _questions_and_rest(context_of(passage))
    return (
        (asked, config.memory_question_weight),
        (told, config.memory_neighbour_weight),
        (spoken_date(passage.said_at), config.memory_date_weight),
    )


def text_to_embed(passage: PassageRecord, config: Config) -> str:
    """Return what a passage's vector is made of: its date, the words before it, and its own."""
    parts = [
        spoken_date(passage.said_at) if config.memory_date_embedded else "",
        context_of(passage) if config.memory_neighbour_embedded else "",
        passage.text,
    ]
    return "\n".join(" ".join(part.split()) for part in parts if part.strip())


def _questions_and_rest(text: str) -> tuple[str, str]:
    asked: list[str] = []
    told: list[str] = []
    for start, end in split_sentences(text, 0, len(text)):
        sentence = text[start:end]
        is_question = sentence.rstrip(_CLOSING).endswith(_QUESTION_MARKS)
        (asked if is_question else told).append(sentence)
    return " ".join(asked), " ".join(told)
