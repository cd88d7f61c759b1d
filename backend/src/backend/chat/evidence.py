"""Whether the passages found are evidence enough for an answer: one rule for every model."""

import re
from collections.abc import Sequence
from typing import Final

from backend.chat.retrieval import Source

WEAK_EVIDENCE: Final = "Your documents do not clearly answer this."
"""The sentence with which an answer on weak evidence begins."""

_MIN_WORDS: Final = 3  # fewer is a heading or a page number

_POLITE: Final = (
    r"(?:(?:please|kindly|bitte|por favor|s['’]il (?:te|vous) pla[iî]t"
    r"|(?:can|could|would|will) you|(?:kannst|könntest) du|(?:können|könnten) sie"
    r"|(?:peux-tu|pouvez-vous)|(?:puedes|podrías))[\s,]+)*"
)
_TASK_WORDS: Final = (
    # English
    r"summari[sz]e|sum up|outline|translate|rewrite|rephrase|paraphrase|shorten|simplify|draft"
    r"|write|compose|thanks?|thank you|hello|hi|hey|good (?:morning|evening|day)"
    # German
    r"|fasse?n?|übersetzen?|schreiben?|formulieren?|kürzen?|vereinfachen?|danke|hallo|guten tag"
    # French
    r"|résume[rz]?|tradui[rst]e?z?|rédige[rz]?|merci|bonjour|salut"
    # Spanish
    r"|resum(?:e|ir|a)|resúmeme|traduc(?:e|ir)|redacta|gracias|hola"
)
_TASK: Final = re.compile(rf"\W*{_POLITE}(?:{_TASK_WORDS})\b", re.IGNORECASE)


def is_task(text: str) -> bool:
    """Return whether somebody asks for work on a text, or only greets or thanks.

    No sentence of a document answers "Summarise the report", so evidence says nothing about
    it. Told by the first word, in English, German, French and Spanish.
    """
    return _TASK.match(text) is not None


def is_scrap(sentence: str) -> bool:
    """Return whether it is too short to say anything: a heading or a page number."""
    return len(sentence.split()) < _MIN_WORDS


def best_relevance(sentences: Sequence[str], relevance: Sequence[float]) -> float:
    """Return the highest relevance (0..1) among the sentences that are no scraps; 0 if there
    is none."""
    return max(
        (own for sentence, own in zip(sentences, relevance, strict=True) if not is_scrap(sentence)),
        default=0.0,
    )


def evidence(sources: Sequence[Source]) -> float:
    """Return the relevance (0..1) of the best sentence found; 0 if there is none."""
    return max(
        (
            best_relevance(
                [source.chunk.text[start:end] for start, end in source.chunk.sentences],
                source.relevance,
            )
            for source in sources
        ),
        default=0.0,
    )
