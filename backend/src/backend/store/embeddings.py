"""The contract of embedding models, and the factory that chooses one."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final

from backend.config import Config
from backend.store.base import FloatVector

BUILT_IN_MODEL: Final = "all-MiniLM-L6-v2-int8"


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


def embedding_model_name(config: Config) -> str:
    """Return the `name` of the embedder that `create_embedder` gives, without loading it."""
    if config.embedding_url:
        from backend.store.openai_embeddings import model_name

        return model_name(config.embedding_model)
    return BUILT_IN_MODEL


def create_embedder(config: Config, threads: int) -> Embedder:
    """Load the embedding model; `threads` bounds how many texts are embedded at a time.

    Raises:
        ConfigurationError: the model's file is missing or is not the expected one.
    """
    if config.embedding_url:
        from backend.store.openai_embeddings import OpenAIEmbedder

        return OpenAIEmbedder(
            config.embedding_url,
            config.embedding_model,
            config.embedding_api_key.get_secret_value(),
            config.data_dir / "embedding",
        )
    from backend.store.minilm import MiniLMEmbedder

    return MiniLMEmbedder(threads)
