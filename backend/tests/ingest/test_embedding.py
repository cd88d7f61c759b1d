"""Each distinct sentence is embedded once; a passage is the mean of what it holds."""

import hashlib
from collections.abc import Sequence

import numpy as np
import pytest

from backend.db.repositories.chunks import ChunkToEmbed, KnownPassage
from backend.ingest.embedding import PassageEmbedder
from backend.store.base import FloatVector
from backend.store.embeddings import Embedder
from backend.store.vectors import unit, unpack_sentence_vectors, unpack_vector


class CountingEmbedder(Embedder):
    """Vectors from a hash; remembers what was asked."""

    name = "counting"
    dimension = 8

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> FloatVector:
        self.asked += texts
        return np.stack([self.vector(text) for text in texts])

    def vector(self, text: str) -> FloatVector:
        digest = hashlib.sha256(text.encode()).digest()[: self.dimension]
        return unit(np.frombuffer(digest, np.uint8).astype(np.float32) - 128)

    def close(self) -> None:
        pass


def passage(text: str, sentences: list[list[int]], heading: str = "") -> ChunkToEmbed:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return ChunkToEmbed("id", 0, text, digest, heading, sentences)


def test_a_passage_is_the_mean_of_its_sentences_and_its_context_line() -> None:
    embedder = CountingEmbedder()
    passages = PassageEmbedder(embedder, "Annual report.pdf")
    chunk = passage("One\nline. Two.", [[0, 9], [10, 14]], "The\nlamp")
    (embedded,) = passages.embed([chunk], lambda: None)
    assert embedder.asked == ["Annual report > The lamp", "One line.", "Two."]
    expected = unit(np.sum([embedder.vector(text) for text in embedder.asked], axis=0))
    np.testing.assert_allclose(unpack_vector(embedded.vector), expected, atol=1e-6)
    rows = unpack_sentence_vectors(embedded.sentence_vectors, 8)
    np.testing.assert_array_equal(rows[1], np.rint(embedder.vector("Two.") * 127))


def test_a_sentence_that_passages_share_is_embedded_once() -> None:
    embedder = CountingEmbedder()
    passages = PassageEmbedder(embedder, "a.txt")
    passages.embed([passage("One. Two.", [[0, 4], [5, 9]])], lambda: None)
    passages.embed([passage("Two. One.", [[0, 4], [5, 9]])] * 2, lambda: None)
    assert embedder.asked == ["a", "One.", "Two."]


def test_embedding_can_be_stopped_between_two_calls() -> None:
    def stop() -> None:
        if embedder.asked:
            raise InterruptedError

    embedder = CountingEmbedder()
    passages = PassageEmbedder(embedder, "a.txt")
    text = " ".join(f"{number:04}." for number in range(500))
    sentences = [[start, start + 5] for start in range(0, len(text), 6)]
    with pytest.raises(InterruptedError):
        passages.embed([passage(text, sentences)], stop)
    assert 0 < len(embedder.asked) < 500


def test_sentences_of_a_known_passage_are_not_embedded_and_keep_their_vectors() -> None:
    embedder = CountingEmbedder()
    old = passage("One. Two.", [[0, 4], [5, 9]])
    (before,) = PassageEmbedder(embedder, "a.txt").embed([old], lambda: None)
    embedder.asked.clear()
    passages = PassageEmbedder(embedder, "b.txt")
    passages.learn([KnownPassage(old.text, old.sentences, before.sentence_vectors)])
    (after,) = passages.embed([passage("Two. Three.", [[0, 4], [5, 11]])], lambda: None)
    assert embedder.asked == ["b", "Three."]
    assert after.sentence_vectors[:8] == before.sentence_vectors[8:]
