"""How well single sentences answer a question."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from backend.store.base import FloatVector
from backend.store.keywords import KeywordEncoder

_COSINE_WEIGHT: Final = 0.5
_WORDS_WEIGHT: Final = 0.35  # of the question's words in the sentence itself
_CONTEXT_WEIGHT: Final = 0.15  # of its words in the sentence or the one before


@dataclass(frozen=True, slots=True)
class PassageSentences:
    """A passage's sentences in order; `cosines` has shape (sentences,), None: not embedded."""

    texts: Sequence[str]
    cosines: FloatVector | None


class SentenceScorer:
    """Scores sentences against a query by meaning (cosine) and by shared words.

    A word counts the more the fewer of the sentences have it, after Robertson and Zaragoza's
    IDF; the sentence before counts a little, since pronouns point there.
    """

    def __init__(self, encoder: KeywordEncoder) -> None:
        self._encoder = encoder

    def score(self, query: str, passages: Sequence[PassageSentences]) -> list[tuple[float, ...]]:
        """Return a relevance from 0 to 1 for each sentence of each passage.

        It may be compared between questions. Without cosines words alone decide.
        """
        wanted = self._words(query)
        words = [[wanted & self._words(text) for text in passage.texts] for passage in passages]
        weights = _weights(wanted, words, passages)
        return [
            _score_passage(passage.cosines, own, weights)
            for passage, own in zip(passages, words, strict=True)
        ]

    def _words(self, text: str) -> frozenset[int]:
        """Return a text's words, stemmed and without stop words, by their index numbers."""
        return frozenset(self._encoder.query(text).indices)


def by_meaning(cosine: float) -> float:
    """Return the relevance (0..1) of a sentence that shares no word with the question."""
    return _COSINE_WEIGHT * max(cosine, 0.0)


def _score_passage(
    cosines: FloatVector | None, words: Sequence[frozenset[int]], weights: Mapping[int, float]
) -> tuple[float, ...]:
    """Return each sentence's relevance from its cosine and its share of the wanted words."""
    shares = []
    before = frozenset[int]()
    for own in words:
        together = own | before
        shares.append(
            _WORDS_WEIGHT * _covered(weights, own) + _CONTEXT_WEIGHT * _covered(weights, together)
        )
        before = own
    if cosines is None:
        scores = [share / (_WORDS_WEIGHT + _CONTEXT_WEIGHT) for share in shares]
    else:
        scores = [
            share + by_meaning(cosine)
            for share, cosine in zip(shares, cosines.tolist(), strict=True)
        ]
    return tuple(min(score, 1.0) for score in scores)


def _weights(
    wanted: frozenset[int],
    words: Sequence[Sequence[frozenset[int]]],
    passages: Sequence[PassageSentences],
) -> dict[int, float]:
    """Return what each wanted word is worth; together they are worth 1."""
    distinct = {
        text: own
        for passage, passage_words in zip(passages, words, strict=True)
        for text, own in zip(passage.texts, passage_words, strict=True)
    }
    counts = Counter(word for own in distinct.values() for word in own)
    total = len(distinct)
    rarity = {
        word: math.log(1.0 + (total - counts[word] + 0.5) / (counts[word] + 0.5)) for word in wanted
    }
    whole = sum(rarity.values())
    return {word: value / whole for word, value in rarity.items()}


def _covered(weights: Mapping[int, float], words: frozenset[int]) -> float:
    return sum(weights[word] for word in words) if words else 0.0
