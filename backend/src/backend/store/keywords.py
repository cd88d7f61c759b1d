"""Text to BM25 sparse vectors, the same for every search index."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import qdrant_edge

PARAGRAPH_WORDS: Final = 256
TURN_WORDS: Final = 80
"""How many words a passage of a document and a turn of a conversation usually have."""

_K: Final = 1.2
_B: Final = 0.75
_COUNTING_K: Final = 1e6
_MAX_CHARACTERS: Final = 100_000  # passages are far shorter; bounds a hostile query

# Thai, Lao, Burmese, Khmer; kana, Han and Hangul: written without spaces between words.
_UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]+"
)


class KeywordEncoder:
    """BM25 weights (k 1.2, b 0.75) of words; the index adds the IDF factor.

    Words are lower-cased, freed of accents and of English endings; English stop words are
    dropped. Scripts without spaces are cut into overlapping pairs of characters.
    Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009.
    """

    def __init__(self, usual_words: int = PARAGRAPH_WORDS) -> None:
        """`usual_words`: how long a passage is that is neither short nor long."""
        import qdrant_edge

        self._vector = qdrant_edge.SparseVector
        self._usual_words = usual_words
        self._bm25 = qdrant_edge.Bm25(
            qdrant_edge.Bm25Config(k=_K, b=_B, avg_len=usual_words, ascii_folding=True)
        )
        # With such a k and without b, a word's weight is how often it occurs.
        self._counter = qdrant_edge.Bm25(
            qdrant_edge.Bm25Config(k=_COUNTING_K, b=0.0, ascii_folding=True)
        )

    def passage(
        self, text: str, context: Sequence[tuple[str, float]] = ()
    ) -> "qdrant_edge.SparseVector":
        """Return the weights of a passage's words and of those of the texts around it.

        Occurrences are added up, each as its text weighs, before they are weighed (BM25F): a
        word that stands in both does not count as two. Robertson, Zaragoza and Taylor, "Simple
        BM25 Extension to Multiple Weighted Fields", CIKM 2004.
        """
        around = [(other, weight) for other, weight in context if other and weight]
        if not around:
            return self._bm25.embed_document(_prepare(text))
        counts: dict[int, float] = {}
        for part, weight in [(text, 1.0), *around]:
            words = self._counter.embed_document(_prepare(part))
            for index, count in zip(words.indices, words.values, strict=True):
                counts[index] = counts.get(index, 0.0) + weight * round(count)
        saturation = _K * (1.0 - _B + _B * sum(counts.values()) / self._usual_words)
        return self._vector(
            list(counts),
            [count * (_K + 1.0) / (count + saturation) for count in counts.values()],
        )

    def query(self, text: str) -> "qdrant_edge.SparseVector":
        """Return a query's distinct words; no indices if there is none but stop words."""
        return self._bm25.embed_query(_prepare(text))


def _prepare(text: str) -> str:
    if text.isascii():  # most sentences: a search has a hundred of them scored
        return text[:_MAX_CHARACTERS]
    encodable = text[:_MAX_CHARACTERS].encode("utf-8", "replace").decode()  # lone surrogates
    return _UNSPACED.sub(_pairs, encodable)


def _pairs(match: re.Match[str]) -> str:
    run = match.group()
    pairs = [run[i : i + 2] for i in range(len(run) - 1)] or [run]
    return f" {' '.join(pairs)} "
