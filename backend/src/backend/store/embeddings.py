"""The contract of embedding models, and the factory that chooses one."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from backend.config import Config
from backend.store.base import FloatVector


class Embedder(ABC):
    """Turns texts into unit vectors whose dot product is their similarity.

    `name` identifies the model: vectors of different names are never compared.
    Safe to call from several threads.
    """

    name: str
    dimension: int

    @abstractmethod
    def embed(self, texts: Sequence[str]) -> FloatVector:
        """Return float32 unit vectors of shape (len(texts), dimension).

        Any text is accepted, also empty, huge or undecodable ones; what exceeds the
        model's window is left out.
        """

    @abstractmethod
    def close(self) -> None:
        """Release threads and memory; `embed` must not be called afterwards."""


def create_embedder(config: Config, threads: int) -> Embedder:
    """Load the embedding model; `threads` bounds how many texts are embedded at a time.

    Raises:
        ConfigurationError: the model's file is missing or is not the expected one.
    """
    # One model so far; another adapter is chosen here, by config.
    del config
    from backend.store.minilm import MiniLMEmbedder

    return MiniLMEmbedder(threads)
