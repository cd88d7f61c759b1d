"""Ideas that arrange anew what the product's search returns."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise

import numpy as np

from backend.chat.retrieval import Search
from backend.store.base import FloatVector
from backend.store.keywords import KeywordEncoder
from backend.store.relevance import PassageSentences, SentenceScorer
from backend.store.search import SearchResult
from backend.store.vectors import unit
from ranking_ideas.lab import Idea, Lab
from ranking_ideas.merging import merged
from ranking_ideas.points import sentences

Arrange = Callable[[str, list[SearchResult]], Sequence[SearchResult]]

_SPARE = 3  # times more results are arranged than wanted
_WORD = re.compile(r"\w+")
_PER_DOCUMENT = 2


class Arranged:
    """The product's search, asked for more than is wanted, with the results in another order."""

    def __init__(self, lab: Lab, arrange: Arrange) -> None:
        self._found = lab.found
        self._arrange = arrange
        self._default_limit = lab.config.rag_max_document_results

    def __call__(
        self,
        *,
        user_id: str,
        query: str,
        document_ids: Sequence[str] | None = None,
        limit: int | None = None,
    ) -> Sequence[SearchResult]:
        wanted = self._default_limit if limit is None else limit
        found = self._found(user_id, query, document_ids, _SPARE * wanted)
        return self._arrange(query, found)[:wanted]


def with_bonus(
    found: Sequence[SearchResult], bonus: Sequence[float], weight: float
) -> list[SearchResult]:
    """Return the results with `weight` times the bonus (0..1) added to their scores."""
    scored = [
        replace(result, score=(result.score + weight * more) / (1 + weight))
        for result, more in zip(found, bonus, strict=True)
    ]
    return sorted(scored, key=lambda result: -result.score)


def _words_in_sentence(lab: Lab) -> Arrange:
    scorer = SentenceScorer(KeywordEncoder())

    def arrange(query: str, found: list[SearchResult]) -> Sequence[SearchResult]:
        texts = [[r.chunk.text[a:b] for a, b in r.chunk.sentences] for r in found]
        shares = scorer.score(query, [PassageSentences(each, None) for each in texts])
        return with_bonus(found, [max(own, default=0.0) for own in shares], 0.1)

    return arrange


def _words_in_passage(lab: Lab) -> Arrange:
    scorer = SentenceScorer(KeywordEncoder())

    def arrange(query: str, found: list[SearchResult]) -> Sequence[SearchResult]:
        shares = scorer.score(query, [PassageSentences([r.chunk.text], None) for r in found])
        return with_bonus(found, [own[0] for own in shares], 0.1)

    return arrange


def _pairs(text: str) -> set[tuple[str, str]]:
    words = _WORD.findall(text.casefold())
    return set(pairwise(words))


def _word_pairs(query: str, found: list[SearchResult]) -> Sequence[SearchResult]:
    wanted = _pairs(query)
    shares = [len(wanted & _pairs(r.chunk.text)) / max(1, len(wanted)) for r in found]
    return with_bonus(found, shares, 0.1)


def _neighbours(weight: float) -> Arrange:
    """Give a passage a share of the score of its better neighbour in the document."""

    def arrange(query: str, found: list[SearchResult]) -> Sequence[SearchResult]:
        score = {(r.chunk.document_id, r.chunk.ordinal): r.score for r in found}
        beside = [
            max(
                score.get((r.chunk.document_id, r.chunk.ordinal - 1), 0.0),
                score.get((r.chunk.document_id, r.chunk.ordinal + 1), 0.0),
            )
            for r in found
        ]
        return with_bonus(found, beside, weight)

    return arrange


def _merged(query: str, found: list[SearchResult]) -> Sequence[SearchResult]:
    return merged(found)


def _few_per_document(query: str, found: list[SearchResult]) -> Sequence[SearchResult]:
    """Put behind all others what would be a document's third passage or a later one."""
    seen: Counter[str] = Counter()
    first, later = [], []
    for result in found:
        document_id = result.chunk.document_id
        (first if seen[document_id] < _PER_DOCUMENT else later).append(result)
        seen[document_id] += 1
    return first + later


def _diverse(weight: float) -> Callable[[Lab], Arrange]:
    """Take off `weight` times the likeness with what stands above.

    Carbonell and Goldstein, "The Use of MMR, Diversity-Based Reranking for Reordering Documents
    and Producing Summaries", SIGIR 1998.
    """

    def make(lab: Lab) -> Arrange:
        def arrange(query: str, found: list[SearchResult]) -> Sequence[SearchResult]:
            if not found:
                return found
            means = unit(np.stack([sentences(lab, r.chunk).sum(axis=0) for r in found]))
            likeness: FloatVector = means @ means.T
            scores = np.array([r.score for r in found])
            nearest = np.zeros(len(found))
            chosen: list[int] = []
            left = set(range(len(found)))
            while left:
                best = max(left, key=lambda n: (1 - weight) * scores[n] - weight * nearest[n])
                left.remove(best)
                chosen.append(best)
                nearest = np.maximum(nearest, likeness[best])
            return [found[n] for n in chosen]

        return arrange

    return make


def _idea(name: str, description: str, make: Callable[[Lab], Arrange]) -> Idea:
    @contextmanager
    def search(lab: Lab) -> Iterator[Search]:
        yield Arranged(lab, make(lab))

    return Idea(name, description, search)


@contextmanager
def _as_it_is(lab: Lab) -> Iterator[Search]:
    yield lab.search()


IDEAS = (
    _idea("neighbours-merged", "neighbouring passages joined into one", lambda _: _merged),
    _idea(
        "neighbour-.1",
        "a tenth of the better neighbour's score added",
        lambda _: _neighbours(0.1),
    ),
    _idea(
        "neighbour-.2",
        "two tenths of the better neighbour's score added",
        lambda _: _neighbours(0.2),
    ),
    _idea(
        "two-per-document",
        "a document's third passage comes after all others",
        lambda _: _few_per_document,
    ),
    _idea("diverse-.1", "likeness with a better passage taken off (MMR, .1)", _diverse(0.1)),
    _idea("diverse-.3", "likeness with a better passage taken off (MMR, .3)", _diverse(0.3)),
    _idea(
        "words-in-sentence",
        "share of the question's words, weighted by rarity, in a sentence (.1)",
        _words_in_sentence,
    ),
    _idea(
        "words-in-passage",
        "share of the question's words, weighted by rarity, in the passage (.1)",
        _words_in_passage,
    ),
    _idea("word-pairs", "share of the question's neighbouring words (.1)", lambda _: _word_pairs),
    Idea(
        "follow-ups-alone",
        "a follow-up is searched for as it stands",
        _as_it_is,
        sees_previous=False,
    ),
)
