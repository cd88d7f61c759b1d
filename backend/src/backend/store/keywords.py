"""Text to BM25 sparse vectors, the same for every search index."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from backend.store.word_forms import PLAIN_FORM

if TYPE_CHECKING:
    import qdrant_edge

PARAGRAPH_WORDS: Final = 256
TURN_WORDS: Final = 80
"""How many words a passage of a document and a turn of a conversation usually have."""

_COUNTING_K: Final = 1e6
_MAX_CHARACTERS: Final = 100_000  # passages are far shorter; bounds a hostile query

# Thai, Lao, Burmese, Khmer; kana, Han and Hangul: written without spaces between words.
_UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]+"
)


class KeywordEncoder:
    """BM25 weights of words; the index adds the IDF factor.

    Words are lower-cased, freed of accents and of English endings; English stop words are
    dropped, irregular forms become the plain one. Scripts without spaces are cut into
    overlapping pairs of characters.
    Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009.
    """

    def __init__(
        self, usual_words: float = PARAGRAPH_WORDS, *, k: float = 1.2, b: float = 0.75
    ) -> None:
        """`usual_words`: how long a passage is that is neither short nor long. `k`: how much a
        word's repetition counts; `b` (0..1): how much a passage's length."""
        import qdrant_edge

        self._vector = qdrant_edge.SparseVector
        self._usual_words, self._k, self._b = usual_words, k, b
        # With such a k and without b, a word's weight is how often it occurs.
        self._words = qdrant_edge.Bm25(
            qdrant_edge.Bm25Config(k=_COUNTING_K, b=0.0, ascii_folding=True)
        )
        self._plain = self._plain_forms()

    def passage(
        self, text: str, context: Sequence[tuple[str, float]] = ()
    ) -> "qdrant_edge.SparseVector":
        """Return the weights of a passage's words and of those of the texts around it.

        Occurrences are added up, each as its text weighs, before they are weighed (BM25F): a
        word that stands in both does not count as two. Robertson, Zaragoza and Taylor, "Simple
        BM25 Extension to Multiple Weighted Fields", CIKM 2004.
        """
        counts: dict[int, float] = {}
        for part, weight in [(text, 1.0), *context]:
            if not part or not weight:
                continue
            words = self._words.embed_document(_prepare(part))
            for index, count in zip(words.indices, words.values, strict=True):
                index = self._plain.get(index, index)
                counts[index] = counts.get(index, 0.0) + weight * round(count)
        length = sum(counts.values()) / self._usual_words
        saturation = self._k * (1.0 - self._b + self._b * length)
        return self._vector(
            list(counts),
            [count * (self._k + 1.0) / (count + saturation) for count in counts.values()],
        )

    def query(self, text: str) -> "qdrant_edge.SparseVector":
        """Return a query's distinct words; no indices if there is none but stop words."""
        words = self._words.embed_query(_prepare(text))
        if self._plain.keys().isdisjoint(words.indices):
            return words
        distinct = {self._plain.get(index, index) for index in words.indices}
        return self._vector(list(distinct), [1.0] * len(distinct))

    def _plain_forms(self) -> dict[int, int]:
        """Return which word stands for an irregular form, both as the index knows them."""
        numbers = {
            word: tuple(self._words.embed_query(word).indices)
            for word in {*PLAIN_FORM, *PLAIN_FORM.values()}
        }
        return {
            numbers[form][0]: numbers[plain][0]
            for form, plain in PLAIN_FORM.items()
            if numbers[form] and numbers[plain]
        }


def _prepare(text: str) -> str:
    if text.isascii():  # most sentences: a search has a hundred of them scored
        return text[:_MAX_CHARACTERS]
    encodable = text[:_MAX_CHARACTERS].encode("utf-8", "replace").decode()  # lone surrogates
    return _UNSPACED.sub(_pairs, encodable)


def _pairs(match: re.Match[str]) -> str:
    run = match.group()
    pairs = [run[i : i + 2] for i in range(len(run) - 1)] or [run]
    return f" {' '.join(pairs)} "
