"""Embeddings from any server with OpenAI's /embeddings: vLLM, Ollama, llama.cpp, OpenAI …"""

import base64
import functools
import hashlib
import json
import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from backend.errors import EmbeddingRefused, EmbeddingUnavailable
from backend.store.base import FloatVector
from backend.store.embeddings import Embedder
from backend.store.vectors import unit

if TYPE_CHECKING:
    import openai

logger = logging.getLogger(__name__)

_TIMEOUT_S: Final = 15.0
_RETRIES: Final = 2  # of the SDK: on 408, 409, 429, 5xx and lost connections, with growing pauses
_MAX_CHARACTERS: Final = 2_000  # about 500 tokens, which every model takes
_MESSAGE_MAX_CHARACTERS: Final = 200


def model_name(model: str) -> str:
    """Return the name under which vectors of this server's model are stored."""
    return f"openai:{model}"


class OpenAIEmbedder(Embedder):
    """Asks a server for vectors; connects only when first used.

    The vectors' dimension, if it is not given, is found out by embedding one word, once: it
    is kept in a file of `cache_dir`, so that a restart does not depend on the server.
    """

    texts_per_call = 64  # one request

    def __init__(
        self,
        base_url: str,
        model: str,
        api_key: str,
        cache_dir: Path,
        dimension: int | None = None,
    ) -> None:
        self.name = model_name(model)
        self._base_url = base_url
        self._model = model
        self._api_key = api_key
        key = hashlib.sha256(f"{base_url}\n{model}".encode()).hexdigest()[:16]
        self._cache = cache_dir / f"{key}.json"
        self._lock = threading.Lock()
        self._dimension = dimension

    @property
    def dimension(self) -> int:
        with self._lock:
            if self._dimension is None:
                self._dimension = self._cached_dimension() or self._probe()
            return self._dimension

    def embed(self, texts: Sequence[str]) -> FloatVector:
        dimension = self.dimension
        parts = [
            self._request(texts[first : first + self.texts_per_call])
            for first in range(0, len(texts), self.texts_per_call)
        ]
        vectors = np.concatenate([np.empty((0, dimension), np.float32), *parts])
        return unit(vectors)

    def close(self) -> None:
        if "_client" in self.__dict__:
            self._client.close()

    @functools.cached_property
    def _client(self) -> "openai.OpenAI":
        import openai

        return openai.OpenAI(
            api_key=self._api_key or "none",
            base_url=self._base_url,
            timeout=_TIMEOUT_S,
            max_retries=_RETRIES,
        )

    def _cached_dimension(self) -> int | None:
        try:
            return int(json.loads(self._cache.read_text(encoding="utf-8"))["dimension"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _probe(self) -> int:
        dimension: int = self._ask(["dimension"]).shape[1]
        self._cache.parent.mkdir(parents=True, exist_ok=True)
        draft = self._cache.with_suffix(".draft")
        draft.write_text(
            json.dumps({"url": self._base_url, "model": self._model, "dimension": dimension}),
            encoding="utf-8",
        )
        draft.replace(self._cache)
        return dimension

    def _request(self, texts: Sequence[str]) -> FloatVector:
        # Servers refuse empty texts, and some refuse what exceeds their window.
        vectors = self._ask([_clean(text) or " " for text in texts])
        if vectors.shape != (len(texts), self._dimension):
            raise EmbeddingRefused(
                f"The embedding server gave vectors of {vectors.shape[1]} dimensions where"
                f" {self._dimension} were expected. Give the other model another name."
            )
        return vectors

    def _ask(self, texts: list[str]) -> FloatVector:
        with _errors_mapped():
            answer = self._client.embeddings.create(
                model=self._model, input=texts, encoding_format="float"
            )
            items = sorted(answer.data, key=lambda item: item.index)
            vectors = np.stack([_floats(item.embedding) for item in items])
        if len(vectors) != len(texts) or not np.isfinite(vectors).all():
            raise EmbeddingRefused("The embedding server's answer has no vector for each text.")
        return vectors


def _clean(text: str) -> str:
    return text[:_MAX_CHARACTERS].encode("utf-8", "replace").decode().strip()


def _floats(embedding: Sequence[float] | str) -> FloatVector:
    if isinstance(embedding, str):  # some servers answer in base64 whatever was asked for
        return np.frombuffer(base64.b64decode(embedding), "<f4").astype(np.float32)
    return np.asarray(embedding, np.float32)


@contextmanager
def _errors_mapped() -> Iterator[None]:
    import openai

    try:
        yield
    except openai.APIStatusError as error:
        logger.warning("embedding failed", extra={"status": error.status_code})
        if error.status_code in (408, 409, 429) or error.status_code >= 500:
            raise EmbeddingUnavailable from None
        reason = " ".join(error.message.split())[:_MESSAGE_MAX_CHARACTERS]
        raise EmbeddingRefused(
            f"The embedding server refused: {reason}. "
            "Check EMBEDDING_URL, EMBEDDING_MODEL and EMBEDDING_API_KEY."
        ) from None
    except openai.APIConnectionError:
        logger.warning("embedding server not reached")
        raise EmbeddingUnavailable from None
    except (openai.OpenAIError, ValueError, TypeError, AttributeError) as error:
        logger.warning("embedding server's answer not understood", exc_info=error)
        raise EmbeddingRefused("The embedding server's answer is not understood.") from None
