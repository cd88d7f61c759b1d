"""Ideas that change what the index holds of a passage: its vector, its words, their weights."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import PurePath
from typing import Any

import numpy as np

from backend.chat.retrieval import Search
from backend.store.base import FloatVector, IndexPoint
from backend.store.keywords import KeywordEncoder
from backend.store.search import ChunkEvidence
from backend.store.vectors import restore_sentence_vectors, unit
from ranking_ideas.lab import Idea, Lab

Vectors = Callable[[Lab, Sequence[ChunkEvidence], FloatVector], FloatVector]


def context_of(chunk: ChunkEvidence) -> str:
    """Return the line that stands for the document's name and the heading in a vector."""
    heading = " ".join(chunk.heading.split())
    name = PurePath(chunk.filename).stem
    return f"{name} > {heading}" if heading else name


def contexts(lab: Lab, chunks: Sequence[ChunkEvidence]) -> FloatVector:
    return lab.texts.embed([context_of(chunk) for chunk in chunks])


def sentences(lab: Lab, chunk: ChunkEvidence) -> FloatVector:
    """Return the vectors of a passage's sentences, shape (sentences, dimension)."""
    return restore_sentence_vectors(chunk.sentence_vectors or b"", lab.texts.dimension)


def _mean_with_name(share: float) -> Vectors:
    """Make each vector the mean of the sentences and `share` times name and heading."""

    def make(lab: Lab, chunks: Sequence[ChunkEvidence], _: FloatVector) -> FloatVector:
        sums = np.stack([sentences(lab, chunk).sum(axis=0) for chunk in chunks])
        return unit(sums + np.float32(share) * contexts(lab, chunks))

    return make


def _mean_by_length(lab: Lab, chunks: Sequence[ChunkEvidence], _: FloatVector) -> FloatVector:
    sums = []
    for chunk, context in zip(chunks, contexts(lab, chunks), strict=True):
        lengths = np.array([end - start for start, end in chunk.sentences], np.float32)
        sums.append((lengths / lengths.mean()) @ sentences(lab, chunk) + context)
    return unit(np.stack(sums))


def _whole(lab: Lab, chunks: Sequence[ChunkEvidence], _: FloatVector) -> FloatVector:
    return lab.texts.embed([f"{context_of(chunk)}\n{chunk.text}".strip() for chunk in chunks])


def _whole_beside_mean(lab: Lab, chunks: Sequence[ChunkEvidence], mean: FloatVector) -> FloatVector:
    return unit(mean + _whole(lab, chunks, mean))


def _vectors(name: str, description: str, make: Vectors, **settings: Any) -> Idea:
    @contextmanager
    def search(lab: Lab) -> Iterator[Search]:
        def change(points: list[IndexPoint], chunks: list[ChunkEvidence]) -> list[IndexPoint]:
            new = make(lab, chunks, np.stack([point.vector for point in points]))
            return [replace(p, vector=vector) for p, vector in zip(points, new, strict=True)]

        with lab.reindexed(change) as index:
            yield lab.search(index=index, **settings)

    return Idea(name, description, search)


def _text_alone(points: list[IndexPoint], chunks: list[ChunkEvidence]) -> list[IndexPoint]:
    return [replace(p, keyword_text=c.text) for p, c in zip(points, chunks, strict=True)]


@contextmanager
def _no_name_in_keywords(lab: Lab) -> Iterator[Search]:
    with lab.reindexed(_text_alone) as index:
        yield lab.search(index=index)


@contextmanager
def _no_name_at_all(lab: Lab) -> Iterator[Search]:
    without = _mean_with_name(0.0)

    def change(points: list[IndexPoint], chunks: list[ChunkEvidence]) -> list[IndexPoint]:
        new = without(lab, chunks, np.empty(0, np.float32))
        points = [replace(p, vector=vector) for p, vector in zip(points, new, strict=True)]
        return _text_alone(points, chunks)

    with lab.reindexed(change) as index:
        yield lab.search(index=index)


def _bm25(name: str, description: str, **parameters: float) -> Idea:
    @contextmanager
    def search(lab: Lab) -> Iterator[Search]:
        with lab.reindexed(lambda points, _: points, KeywordEncoder(**parameters)) as index:
            yield lab.search(index=index)

    return Idea(name, description, search)


IDEAS = (
    _vectors("whole-vector", "the passage embedded whole, instead of the mean", _whole),
    _vectors(
        "whole-vector-334",
        "the same, weights .3 for words, .3 for the passage, .4 for its best sentence",
        _whole,
        rag_dense_weight=0.3,
        rag_sentence_weight=0.4,
    ),
    _vectors("whole-and-mean", "the passage embedded whole, added to the mean", _whole_beside_mean),
    _vectors("name-thrice", "name and heading three times in the vector", _mean_with_name(3.0)),
    _vectors("no-name-in-vector", "no name or heading in the vector", _mean_with_name(0.0)),
    Idea("no-name-in-keywords", "no name or heading in the keywords", _no_name_in_keywords),
    Idea("no-name", "no name or heading in either", _no_name_at_all),
    _vectors("mean-by-length", "long sentences count more in the mean", _mean_by_length),
    _bm25("bm25-b-.4", "BM25 with b .4", b=0.4),
    _bm25("bm25-k-.6", "BM25 with k .6", k=0.6),
    _bm25("bm25-k-2", "BM25 with k 2", k=2.0),
    _bm25("bm25-average-100", "BM25 with an average length of 100 words", usual_words=100.0),
)
