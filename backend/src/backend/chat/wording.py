"""Comparing texts by their words."""

import re
from typing import Final

_WORD: Final = re.compile(r"[^\W\d_]+")
_STEM_CHARACTERS: Final = 6  # of a word's beginning; its ending is inflection as a rule
_MIN_CHARACTERS: Final = 3
_FIRST_IDEOGRAPH: Final = "\u2e80"  # from here on scripts are written without spaces

# fmt: off
FUNCTION_WORDS: Final = frozenset({
    "about", "after", "all", "also", "and", "any", "are", "been", "before", "being", "both",
    "but", "can", "could", "did", "does", "each", "for", "from", "had", "has", "have", "her",
    "here", "him", "his", "how", "into", "its", "just", "may", "more", "most", "nor", "not",
    "off", "only", "other", "our", "out", "over", "own", "same", "she", "should", "some", "such",
    "than", "that", "the", "their", "them", "then", "there", "these", "they", "this", "those",
    "too", "under", "until", "very", "was", "were", "what", "when", "where", "which", "while",
    "who", "whom", "whose", "why", "will", "with", "would", "you", "your",
})
# fmt: on


def content_words(text: str) -> frozenset[str]:
    """Return the stems of the words that carry meaning, case-folded."""
    stems: set[str] = set()
    for word in _WORD.findall(text.casefold()):
        if word[0] >= _FIRST_IDEOGRAPH:
            stems.update(word[i : i + 2] for i in range(max(1, len(word) - 1)))
        elif len(word) >= _MIN_CHARACTERS and word not in FUNCTION_WORDS:
            stems.add(word[:_STEM_CHARACTERS])
    return frozenset(stems)


def one_line(text: str) -> str:
    """Return the text with every run of white space replaced by one blank."""
    return " ".join(text.split())


def recall(wanted: frozenset[str], given: frozenset[str]) -> float:
    """Return which share of `wanted` is in `given`; 0 when nothing is wanted."""
    return len(wanted & given) / len(wanted) if wanted else 0.0
