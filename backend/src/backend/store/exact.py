"""What a question wants to find letter by letter: quoted phrases, numbers, dates, identifiers."""

import re
from typing import Final

_MAX_QUERY_CHARACTERS: Final = 2_000
_MAX_TERMS: Final = 32
_QUOTED: Final = re.compile(r"[\"“”„«»]([^\"“”„«»\n]{2,200})[\"“”„«»]")
# A word with a digit in it, and what binds its parts: 2019, 3.5, 12/2019, ISO-9001, v1.2_b.
_TOKEN: Final = re.compile(r"\w+(?:[-./:,_]\w+)*")
_PHRASE_WEIGHT: Final = 10.0  # of one quoted phrase; of a number 1


class ExactTerms:
    """The exact terms of one question."""

    def __init__(self, query: str) -> None:
        query = query[:_MAX_QUERY_CHARACTERS]
        phrases = [phrase for phrase in _QUOTED.findall(query) if any(map(str.isalnum, phrase))]
        tokens = [
            token
            for token in _TOKEN.findall(_QUOTED.sub(" ", query))
            if any(map(str.isdigit, token))
        ]
        weights = dict.fromkeys(map(_normal, tokens), 1.0)
        weights |= dict.fromkeys(map(_normal, phrases), _PHRASE_WEIGHT)
        weights = dict(list(weights.items())[:_MAX_TERMS])
        self._phrases = [_pattern(_normal(phrase)) for phrase in phrases[:_MAX_TERMS]]
        self._terms = [(_pattern(term), weight) for term, weight in weights.items()]
        self._total = sum(weights.values())
        self.strength = max(weights.values(), default=0.0)
        """How much the terms should matter: 0 none, 1 numbers only, more with a phrase."""

    def share(self, text: str) -> float:
        """Return which share of the terms, by weight, stands in `text` letter by letter.

        Upper and lower case, and any amount of space, count as the same.
        """
        if not self._terms:
            return 0.0
        normal = _normal(text)
        return sum(weight for term, weight in self._terms if term.search(normal)) / self._total

    def has_phrases(self, text: str) -> bool:
        """Return whether every quoted phrase stands in `text`, as `share` compares."""
        if not self._phrases:
            return True
        normal = _normal(text)
        return all(phrase.search(normal) for phrase in self._phrases)


def _normal(text: str) -> str:
    return " ".join(text.casefold().split())


def _pattern(term: str) -> re.Pattern[str]:
    # Not within a longer word or number: neither "201" in "2019" nor "5" in "3.5" or "5,000".
    return re.compile(rf"(?<!\w)(?<!\d[.,]){re.escape(term)}(?!\w)(?![.,]\d)")
