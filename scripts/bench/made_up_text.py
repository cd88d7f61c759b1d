"""Sentences that say nothing, of words that people use; no two are alike."""

import random

_WORDS = (
    "the of and to in is that for it as with by on not at are this have from report harbour "
    "lamp tower keeper budget season vessel signal winter engine survey council storm anchor"
)
WORDS = tuple(_WORDS.split())


def make_line(chance: random.Random) -> str:
    """Return a sentence of about 60 characters."""
    return " ".join([*chance.choices(WORDS, k=10), f"{chance.randrange(10**6)}."])
