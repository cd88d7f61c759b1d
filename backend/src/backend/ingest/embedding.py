"""Embeds passages: every distinct sentence once, and each passage as the mean of its own."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePath

import numpy as np

from backend.db.repositories.chunks import ChunkToEmbed, EmbeddedChunk, KnownPassage
from backend.store.base import FloatVector
from backend.store.embeddings import Embedder
from backend.store.vectors import (
    pack_sentence_vectors,
    pack_vector,
    restore_sentence_vectors,
    unit,
)

# Enough for what passages share and for what a document repeats on every page.
_REMEMBERED_TEXTS = 8192


class PassageEmbedder:
    """Embeds the passages of one document."""

    def __init__(self, embedder: Embedder, filename: str) -> None:
        self._embedder = embedder
        self._name = PurePath(filename).stem
        self._known: OrderedDict[str, FloatVector] = OrderedDict()

    def learn(self, passages: Iterable[KnownPassage]) -> None:
        """Take over what the same model made of other passages' sentences."""
        for passage in passages:
            rows = restore_sentence_vectors(passage.sentence_vectors, self._embedder.dimension)
            for (start, end), row in zip(passage.sentences, rows, strict=True):
                self._known.setdefault(_one_line(passage.text[start:end]), row)

    def texts_of(self, chunks: Sequence[ChunkToEmbed]) -> list[str]:
        """Return the texts that `embed` gives to the model if it knows none of them yet."""
        contexts = [self._context_line(chunk) for chunk in chunks]
        return [*contexts, *(text for chunk in chunks for text in _sentences_of(chunk))]

    def embed(
        self, chunks: Sequence[ChunkToEmbed], check: Callable[[], None]
    ) -> list[EmbeddedChunk]:
        """Return the vectors of `chunks`; calls `check` now and then, which may raise."""
        self._learn_new(self.texts_of(chunks), check)
        sentences = [_sentences_of(chunk) for chunk in chunks]
        contexts = [self._context_line(chunk) for chunk in chunks]
        embedded = []
        for chunk, texts, context in zip(chunks, sentences, contexts, strict=True):
            rows = np.stack([self._known[text] for text in texts])
            vector = unit(rows.sum(axis=0) + self._known[context])
            embedded.append(
                EmbeddedChunk(chunk.id, pack_vector(vector), pack_sentence_vectors(rows))
            )
        while len(self._known) > _REMEMBERED_TEXTS:
            self._known.popitem(last=False)
        return embedded

    def _context_line(self, chunk: ChunkToEmbed) -> str:
        heading = _one_line(chunk.heading)
        return f"{self._name} > {heading}" if heading else self._name

    def _learn_new(self, texts: Iterable[str], check: Callable[[], None]) -> None:
        new = []
        for text in dict.fromkeys(texts):
            if text in self._known:
                self._known.move_to_end(text)
            else:
                new.append(text)
        calls = -(-len(new) // self._embedder.texts_per_call)
        step = -(-len(new) // max(calls, 1))  # calls of one size: a small one wastes threads
        for first in range(0, len(new), step or 1):
            check()
            part = new[first : first + step]
            self._known.update(zip(part, self._embedder.embed(part), strict=True))


def _sentences_of(chunk: ChunkToEmbed) -> list[str]:
    return [_one_line(chunk.text[start:end]) for start, end in chunk.sentences]


def _one_line(text: str) -> str:
    return " ".join(text.split())
