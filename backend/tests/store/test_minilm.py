import hashlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from backend.config import Config
from backend.errors import ConfigurationError
from backend.store import minilm
from backend.store.embeddings import Embedder, create_embedder
from backend.store.minilm import MiniLMEmbedder, _batches_of_similar_length

VOCABULARY = Path(minilm.__file__).parent / "vocab" / "bert-base-uncased.txt"


@pytest.fixture(scope="module")
def embedder() -> Iterator[Embedder]:
    embedder = MiniLMEmbedder(threads=2)
    yield embedder
    embedder.close()


def test_the_factory_gives_the_built_in_model(make_config: Callable[..., Config]) -> None:
    embedder = create_embedder(make_config(), threads=1)
    assert embedder.name == "all-MiniLM-L6-v2-int8"
    assert embedder.embed(["a"]).shape == (1, embedder.dimension)
    embedder.close()


def test_vectors_are_float32_of_length_one(embedder: Embedder) -> None:
    vectors = embedder.embed(["A cat sat on the mat.", "Revenue rose.", "x" * 3])
    assert vectors.shape == (3, 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_texts_of_like_meaning_lie_closer(embedder: Embedder) -> None:
    question, answer, other = embedder.embed(
        [
            "How much did sales grow?",
            "Turnover increased by nine percent.",
            "The cat sleeps in the sun.",
        ]
    )
    assert question @ answer > question @ other + 0.2


def test_a_text_has_one_vector_whatever_it_is_embedded_with(embedder: Embedder) -> None:
    texts = ["short", "a much longer sentence about budgets and harbours " * 9, "", "short"]
    together = embedder.embed(texts)
    alone = np.stack([embedder.embed([text])[0] for text in texts])
    assert np.array_equal(together, alone)


def test_long_texts_do_not_share_a_run_and_short_ones_do(embedder: MiniLMEmbedder) -> None:
    def runs(words: int) -> list[int]:
        texts = ["harbour " * words] * 8
        tokens = [embedder.tokenizer.encode(text).ids for text in texts]
        return [len(batch) for batch in _batches_of_similar_length(tokens)]

    assert runs(300) == [1] * 8
    assert runs(62) == [2] * 4
    assert runs(14) == [8]


def test_many_threads_get_the_same_vectors_as_one(embedder: Embedder) -> None:
    texts = [f"sentence number {n} about harbours" for n in range(40)]
    expected = embedder.embed(texts)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda text: embedder.embed([text])[0], texts))
    assert np.array_equal(np.stack(results), expected)


def test_no_texts_give_no_vectors(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, 384)


@pytest.mark.parametrize(
    "text",
    ["", " \n\t", "\x00", "\ud800", "😀🏳️‍🌈", "日本語" * 4_000, "x" * 100_000, "a " * 1_000_000],
    ids=["empty", "blank", "nul", "surrogate", "emoji", "unspaced", "one word", "two megabytes"],
)
def test_odd_text_has_a_vector_too(embedder: Embedder, text: str) -> None:
    (vector,) = embedder.embed([text])
    assert np.isfinite(vector).all()
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_text_beyond_the_window_is_left_out(embedder: Embedder) -> None:
    window = "harbour " * 254
    a, b = embedder.embed([window, window + "something entirely different"])
    assert np.array_equal(a, b)


def test_the_vocabulary_is_that_of_bert_base_uncased() -> None:
    digest = hashlib.sha256(VOCABULARY.read_bytes()).hexdigest()
    assert digest == "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"


def test_words_are_cut_as_bert_cuts_them(embedder: MiniLMEmbedder) -> None:
    encoding = embedder.tokenizer.encode("Überraschung: embeddings, 2nd Zürich-test!")
    assert " ".join(encoding.tokens) == (
        "[CLS] uber ##ras ##chu ##ng : em ##bed ##ding ##s , 2nd zurich - test ! [SEP]"
    )


def test_a_missing_or_changed_model_file_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        MiniLMEmbedder(1, model=tmp_path / "model.onnx")
    (tmp_path / "model.onnx").write_bytes(json.dumps({}).encode())
    with pytest.raises(ConfigurationError, match="Reinstall the package"):
        MiniLMEmbedder(1, model=tmp_path / "model.onnx")
