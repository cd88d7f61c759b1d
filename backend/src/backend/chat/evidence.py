"""Whether the passages found are evidence enough for an answer: one rule for every model."""

from collections.abc import Sequence
from typing import Final

from backend.chat.retrieval import Source

WEAK_EVIDENCE: Final = "Your documents do not clearly answer this."
"""The sentence with which an answer on weak evidence begins."""

_MIN_WORDS: Final = 3  # fewer is a heading or a page number


def evidence(sources: Sequence[Source]) -> float:
    """Return the relevance (0..1) of the best sentence found; 0 if there is none."""
    return max(
        (
            relevance
            for source in sources
            for (start, end), relevance in zip(
                source.chunk.sentences, source.relevance, strict=True
            )
            if len(source.chunk.text[start:end].split()) >= _MIN_WORDS
        ),
        default=0.0,
    )
