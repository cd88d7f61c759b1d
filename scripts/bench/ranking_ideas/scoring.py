"""Ideas that change how a passage's parts are scored and become one score."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from backend.chat.retrieval import Search
from backend.config import Config
from backend.store.base import FloatVector, Hit, SearchFilter, SearchIndex
from backend.store.candidates import CandidateFinder, Candidates
from backend.store.embeddings import Embedder
from backend.store.search import ChunkEvidence, PassageSource, Searcher, SearchResult
from backend.store.vectors import pack_sentence_vectors, unit
from ranking_ideas.lab import Idea, Lab
from ranking_ideas.points import contexts, sentences

_FEEDBACK_PASSAGES = 3
_FEEDBACK_WEIGHT = 0.3
_MIDDLING_BM25 = 12.0
_NAME_IN_SENTENCE = 0.4
_FEW = 32  # as a search for a model looks at


class HitsOnly:
    """As much of an index as a search asks for; a hit by embedding alone has no keyword score."""

    def __init__(self, index: SearchIndex) -> None:
        self._index = index
        self.search_dense = index.search_dense

    def search_keywords(self, query: str, where: SearchFilter, limit: int) -> list[Hit]:
        if where.chunk_ids is not None:
            return []
        return self._index.search_keywords(query, where, limit)


class Saturating(Searcher):
    """Keyword scores are s / (s + a middling one), not divided by the best."""

    def __init__(
        self, index: SearchIndex, embedder: Embedder, passages: PassageSource, config: Config
    ) -> None:
        super().__init__(index, embedder, passages, config)
        self._finder = NotedCandidates(index, embedder, config.rag_candidates)

    def _fuse(self, keyword: FloatVector, dense: FloatVector, sentence: FloatVector) -> FloatVector:
        score = keyword * self._finder.best_keyword
        return super()._fuse(score / (score + np.float32(_MIDDLING_BM25)), dense, sentence)


class NotedCandidates(CandidateFinder):
    """Keeps the best keyword score of the last search, by which the others are divided."""

    best_keyword = np.float32(0)

    def find(self, query: str, where: SearchFilter) -> tuple[Candidates, FloatVector | None]:
        found, vector = super().find(query, where)
        self.best_keyword = np.float32(found.keyword.max(initial=0.0))
        return found, vector


class TwoBestSentences(Searcher):
    """A passage's best sentence counts as the mean of its two best."""

    def _sentence_cosines(
        self, rows: Sequence[Any], query_vector: FloatVector | None
    ) -> list[FloatVector | None]:
        found = super()._sentence_cosines(rows, query_vector)
        return [cosines if cosines is None else _two_best(cosines) for cosines in found]


def _two_best(cosines: FloatVector) -> FloatVector:
    if len(cosines) < 2:
        return cosines
    second, best = np.partition(cosines, -2)[-2:]
    return np.where(cosines == best, (best + second) / 2, np.minimum(cosines, second))


class ChangedSentences(PassageSource):
    """Passages whose sentence vectors `change` has made anew; one more may stand at the end."""

    def __init__(self, lab: Lab, change: Callable[[FloatVector, FloatVector], FloatVector]) -> None:
        self._lab = lab
        self._change = change
        self._known: dict[str, ChunkEvidence] = {}

    def load_evidence(self, user_id: str, chunk_ids: Sequence[str]) -> list[ChunkEvidence]:
        new = [id_ for id_ in chunk_ids if id_ not in self._known]
        chunks = self._lab.passages.load_evidence(user_id, new)
        if chunks:
            for chunk, context in zip(chunks, contexts(self._lab, chunks), strict=True):
                self._known[chunk.id] = self._changed(chunk, context)
        return [self._known[id_] for id_ in chunk_ids]

    def _changed(self, chunk: ChunkEvidence, context: FloatVector) -> ChunkEvidence:
        rows = self._change(sentences(self._lab, chunk), context)
        # The empty place at the passage's beginning stands for the name.
        more = [[0, 0]] * (len(rows) - len(chunk.sentences))
        return replace(
            chunk,
            sentences=[*chunk.sentences, *more],
            sentence_vectors=pack_sentence_vectors(rows),
        )


class FewLookedAt(Searcher):
    """No more candidates have their sentences read than for a short answer."""

    def _rank(
        self,
        user_id: str,
        query: str,
        found: Candidates,
        query_vector: FloatVector | None,
        limit: int,
    ) -> list[Any]:
        return super()._rank(user_id, query, found, query_vector, min(limit, _FEW))


class AllLookedAt(Searcher):
    """All candidates have their sentences read."""

    def _rank(
        self,
        user_id: str,
        query: str,
        found: Candidates,
        query_vector: FloatVector | None,
        limit: int,
    ) -> list[Any]:
        return super()._rank(user_id, query, found, query_vector, len(found.ids))


def _name_as_sentence(rows: FloatVector, context: FloatVector) -> FloatVector:
    return np.vstack([rows, context])


def _name_mixed_in(rows: FloatVector, context: FloatVector) -> FloatVector:
    share = np.float32(_NAME_IN_SENTENCE)
    return unit((1 - share) * rows + share * context)


class Feedback(Embedder):
    """Pseudo relevance feedback: the question's vector moves towards the first passages found.

    After Rocchio, "Relevance Feedback in Information Retrieval", 1971.
    """

    def __init__(self, lab: Lab) -> None:
        self.name = lab.questions.name
        self._lab = lab
        self._first = lab.search()
        self._where: dict[str, object] = {}

    @property
    def dimension(self) -> int:
        return self._lab.questions.dimension

    def embed(self, texts: Sequence[str]) -> FloatVector:
        moved = []
        for text, vector in zip(texts, self._lab.questions.embed(texts), strict=True):
            results = self._first(query=text, limit=_FEEDBACK_PASSAGES, **self._where)
            means = [unit(sentences(self._lab, r.chunk).sum(axis=0)) for r in results]
            moved.append(unit(vector + np.float32(_FEEDBACK_WEIGHT) * np.sum(means, axis=0)))
        return np.stack(moved)

    def search(
        self,
        *,
        user_id: str,
        query: str,
        document_ids: Sequence[str] | None = None,
        limit: int | None = None,
    ) -> list[SearchResult]:
        self._where = {"user_id": user_id, "document_ids": document_ids}
        return self._lab.search(questions=self)(query=query, limit=limit, **self._where)

    def close(self) -> None:
        """There is nothing to release."""


def _idea(name: str, description: str, make: Callable[[Lab], Search]) -> Idea:
    @contextmanager
    def search(lab: Lab) -> Iterator[Search]:
        yield make(lab)

    return Idea(name, description, search)


IDEAS = (
    _idea(
        "hits-only",
        "BM25 0 for what is no keyword hit, instead of its true score",
        lambda lab: lab.search(index=HitsOnly(lab.index)),
    ),
    _idea(
        "keywords-saturating",
        "keyword scores s / (s + 12), instead of divided by the best one",
        lambda lab: lab.search(Saturating),
    ),
    _idea(
        "look-at-32",
        "the sentences of 32 candidates read, as when a few passages are asked for",
        lambda lab: lab.search(FewLookedAt),
    ),
    _idea(
        "look-at-all",
        "the sentences of all candidates read, up to 200",
        lambda lab: lab.search(AllLookedAt),
    ),
    _idea(
        "two-best-sentences",
        "the mean of the two best sentences instead of the best",
        lambda lab: lab.search(TwoBestSentences),
    ),
    _idea(
        "name-as-sentence",
        "name and heading as one more sentence",
        lambda lab: lab.search(passages=ChangedSentences(lab, _name_as_sentence)),
    ),
    _idea(
        "name-in-sentences",
        "name and heading mixed into each sentence's vector (.4)",
        lambda lab: lab.search(passages=ChangedSentences(lab, _name_mixed_in)),
    ),
    _idea(
        "feedback",
        "the question's vector moved towards the first three passages (.3 of each)",
        lambda lab: Feedback(lab).search,
    ),
)
