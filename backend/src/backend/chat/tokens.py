"""Estimates tokens without a tokenizer: the vendors' vocabularies are not to be had offline.

Weights are per character and by script, on the high side of what current vocabularies take;
`chat.budget` corrects them by what a provider has counted (docs/models-and-prompts.md).
"""

from typing import Final

import numpy as np

# First code point of a range and what each character in it takes.
_RANGES: Final = (
    (0x00, 0.5),  # controls, line ends
    (0x20, 0.1),  # the blank, which mostly belongs to the word behind it
    (0x21, 1.0),  # punctuation
    (0x30, 1.0),  # digits: some vocabularies take them one by one
    (0x3A, 1.0),
    (0x41, 0.28),  # Latin
    (0x5B, 1.0),
    (0x61, 0.28),
    (0x7B, 1.0),
    (0xC0, 1.1),  # Latin with marks
    (0x370, 0.7),  # Greek, Cyrillic, Armenian, Hebrew, Arabic
    (0x700, 1.2),  # Syriac, Indic, Thai, Georgian, Ethiopic …
    (0x1E00, 1.0),  # more Latin and Greek with marks
    (0x2000, 1.5),  # punctuation, arrows, mathematics
    (0x2E80, 1.2),  # Chinese, Japanese
    (0xA000, 1.5),
    (0xAC00, 1.2),  # Korean
    (0xD7B0, 2.0),
    (0xF900, 1.5),  # compatibility forms, full width
    (0x10000, 3.0),  # emoji, rare ideographs
)
_STARTS: Final = np.array([start for start, _ in _RANGES], np.uint32)
_WEIGHTS: Final = np.array([weight for _, weight in _RANGES])
_PER_TURN: Final = 4  # what frames each message


def estimate_tokens(text: str) -> float:
    """Return about how many tokens `text` takes as a part of a prompt."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    counts = np.bincount(np.searchsorted(_STARTS, points, side="right") - 1, minlength=len(_RANGES))
    return float(counts @ _WEIGHTS) + _PER_TURN
