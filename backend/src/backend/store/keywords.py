"""Text to BM25 sparse vectors, the same for every search index."""

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import qdrant_edge

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

    def __init__(self) -> None:
        import qdrant_edge

        self._vector = qdrant_edge.SparseVector
        self._bm25 = qdrant_edge.Bm25(qdrant_edge.Bm25Config(ascii_folding=True))

    def passage(
        self, text: str, context: str = "", context_weight: float = 0.0
    ) -> "qdrant_edge.SparseVector":
        """Return the weights of a passage's words, with those of its context added."""
        own = self._bm25.embed_document(_prepare(text))
        if not context or not context_weight:
            return own
        weights = dict(zip(own.indices, own.values, strict=True))
        around = self._bm25.embed_document(_prepare(context))
        for index, value in zip(around.indices, around.values, strict=True):
            weights[index] = weights.get(index, 0.0) + context_weight * value
        return self._vector(list(weights), list(weights.values()))

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
