"""A question is embedded once, however many searches it is put to."""

from collections.abc import Sequence

import numpy as np
import pytest

from backend.errors import EmbeddingUnavailable
from backend.store.base import FloatVector
from backend.store.embeddings import Embedder
from backend.store.query_embedder import QueryEmbedder


class FailingAtFirst(Embedder):
    """Fails so many times, then gives each text a vector; remembers what was asked."""

    name = "counting"
    dimension = 2

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.asked: list[list[str]] = []
        self.is_closed = False

    def embed(self, texts: Sequence[str]) -> FloatVector:
        self.asked.append(list(texts))
        if len(self.asked) <= self.failures:
            raise EmbeddingUnavailable
        return np.array([[len(text), 1.0] for text in texts], np.float32)

    def close(self) -> None:
        self.is_closed = True


def test_a_question_is_embedded_once() -> None:
    embedder = FailingAtFirst()
    questions = QueryEmbedder(embedder)
    assert (questions.name, questions.dimension) == ("counting", 2)
    first, again = questions.embed(["How high?"]), questions.embed(["How high?"])
    assert first.tolist() == again.tolist() == [[9.0, 1.0]]
    assert embedder.asked == [["How high?"]]


def test_nobody_can_change_a_vector_that_others_are_given() -> None:
    vectors = QueryEmbedder(FailingAtFirst()).embed(["How high?"])
    with pytest.raises(ValueError, match="read-only"):
        vectors[0, 0] = 0.0


def test_several_texts_at_once_are_not_remembered() -> None:
    embedder = FailingAtFirst()
    questions = QueryEmbedder(embedder)
    for _ in range(2):
        assert questions.embed(["a", "bb"]).tolist() == [[1.0, 1.0], [2.0, 1.0]]
    assert len(embedder.asked) == 2
    assert questions.embed([]).size == 0


def test_a_failure_is_not_remembered() -> None:
    questions = QueryEmbedder(FailingAtFirst(failures=1))
    with pytest.raises(EmbeddingUnavailable):
        questions.embed(["How high?"])
    assert questions.embed(["How high?"]).tolist() == [[9.0, 1.0]]


def test_the_embedder_is_closed_with_it() -> None:
    embedder = FailingAtFirst()
    QueryEmbedder(embedder).close()
    assert embedder.is_closed
