"""The contract of embedding models, and the factory that chooses one."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from backend.config import Config
from backend.errors import EmbeddingRefused
from backend.store.base import FloatVector

logger = logging.getLogger(__name__)

BUILT_IN_MODEL: Final = "all-MiniLM-L6-v2-int8"


@dataclass(frozen=True, slots=True)
class EmbeddingModel:
    """A model and how to reach it.

    `base_url` and `server_model` are None for the built-in one. `dimension` saves asking the
    server; None if it is not known.
    """

    name: str
    base_url: str | None = None
    server_model: str | None = None
    api_key: str = field(default="", repr=False)
    dimension: int | None = None


class Embedder(ABC):
    """Turns texts into unit vectors whose dot product is their similarity.

    `name` identifies the model: vectors of different names are never compared.
    Safe to call from several threads.
    """

    name: str
    texts_per_call: int = 256  # keeps all threads busy, and is over within about a second

    @property
    @abstractmethod
    def dimension(self) -> int:
        """The length of its vectors.

        Raises:
            EmbeddingUnavailable: its server had to be asked and does not answer.
            EmbeddingRefused: it had to be asked and refuses.
        """

    @abstractmethod
    def embed(self, texts: Sequence[str]) -> FloatVector:
        """Return float32 unit vectors of shape (len(texts), dimension).

        Raises:
            EmbeddingUnavailable: its server does not answer.
            EmbeddingRefused: its server refuses.

        Any text is accepted, also empty, huge or undecodable ones; what exceeds the
        model's window is left out.
        """

    @abstractmethod
    def close(self) -> None:
        """Release threads and memory; `embed` must not be called afterwards."""


class LostEmbedder(Embedder):
    """Stands for a model that vectors are there of, but that cannot be loaded any more."""

    def __init__(self, name: str, dimension: int) -> None:
        self.name = name
        self._dimension = dimension

    @property
    def dimension(self) -> int:
        return self._dimension

    def embed(self, texts: Sequence[str]) -> FloatVector:
        raise EmbeddingRefused(f"The embedding model {self.name} cannot be loaded any more.")

    def close(self) -> None:
        """There is nothing to release."""


def configured_model(config: Config) -> EmbeddingModel:
    """Return the model that the configuration names."""
    if not config.embedding_url:
        return EmbeddingModel(BUILT_IN_MODEL)
    from backend.store.openai_embeddings import model_name

    return EmbeddingModel(
        model_name(config.embedding_model),
        config.embedding_url,
        config.embedding_model,
        config.embedding_api_key.get_secret_value(),
    )


def create_embedder(config: Config, threads: int) -> Embedder:
    """Load the model that the configuration names; `threads` as in `open_embedder`.

    Raises:
        ConfigurationError: as `open_embedder`.
    """
    return open_embedder(configured_model(config), config, threads)


def open_embedder(model: EmbeddingModel, config: Config, threads: int) -> Embedder:
    """Load `model`, or a `LostEmbedder` if nobody knows how.

    `threads` bounds how many texts are embedded at a time.

    Raises:
        ConfigurationError: the built-in model's file is missing or is not the expected one.
    """
    if model.base_url is not None and model.server_model is not None:
        from backend.store.openai_embeddings import OpenAIEmbedder

        return OpenAIEmbedder(
            model.base_url,
            model.server_model,
            model.api_key,
            config.data_dir / "embedding",
            model.dimension,
        )
    if model.name != BUILT_IN_MODEL:
        logger.warning("embedding model lost", extra={"model": model.name})
        return LostEmbedder(model.name, model.dimension or 1)
    from backend.store.minilm import MiniLMEmbedder

    return MiniLMEmbedder(threads)
