from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from backend.store.base import FloatVector
from backend.store.minilm import MiniLMEmbedder, packaged_model
from backend.store.minilm_graph import compute_from_int8, has_fast_int8_products

TEXTS = [
    "",
    " ",
    "?",
    "😀🏳️‍🌈",
    "日本語の文章です。東京の港について。",
    "Überraschung: 2nd Zürich-test!",
    "x" * 300,
    "How much did sales grow?",
    "Turnover increased by nine percent, to 1,234.5 million.",
    "a much longer sentence about budgets and harbours " * 5,
    "harbour " * 300,
]


@pytest.fixture(scope="module")
def floats() -> Iterator[MiniLMEmbedder]:
    embedder = MiniLMEmbedder(1, int8_products=False)
    yield embedder
    embedder.close()


@pytest.fixture(scope="module")
def int8() -> Iterator[MiniLMEmbedder]:
    embedder = MiniLMEmbedder(1, int8_products=True)
    yield embedder
    embedder.close()


def cosines(a: FloatVector, b: FloatVector) -> FloatVector:
    return (a * b).sum(axis=1)


def token_vectors(model: bytes, texts: list[list[int]]) -> FloatVector:
    """Return the vectors of all tokens of texts of any lengths, run together."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    longest = max(map(len, texts))
    input_ids = np.array([ids + [0] * (longest - len(ids)) for ids in texts])
    inputs = {
        "input_ids": input_ids,
        "attention_mask": (input_ids > 0).astype(np.int64),
        "token_type_ids": np.zeros_like(input_ids),
    }
    vectors: FloatVector = session.run(None, inputs)[0]
    return vectors


def test_without_int8_products_no_bit_changes(floats: MiniLMEmbedder) -> None:
    model = packaged_model().read_bytes()
    rewritten = compute_from_int8(model, products=False)
    texts = [floats.tokenizer.encode(text).ids for text in TEXTS]
    assert max(map(len, texts)) == 256
    together = token_vectors(model, texts)
    assert np.isfinite(together).all()
    assert np.array_equal(token_vectors(rewritten, texts), together)


def test_int8_products_hardly_move_the_vectors(
    floats: MiniLMEmbedder, int8: MiniLMEmbedder
) -> None:
    likeness = cosines(floats.embed(TEXTS), int8.embed(TEXTS))
    assert likeness.min() > 0.9995
    assert likeness.mean() > 0.9998
    assert not (likeness == 1).all()


@pytest.mark.parametrize("kind", ["floats", "int8"])
def test_a_vector_does_not_depend_on_its_batch(kind: str, request: pytest.FixtureRequest) -> None:
    embedder: MiniLMEmbedder = request.getfixturevalue(kind)
    texts = TEXTS + [f"harbour {'word ' * n}" for n in range(40)]
    alone = np.concatenate([embedder.embed([text]) for text in texts])
    assert np.array_equal(embedder.embed(texts), alone)
    assert np.array_equal(embedder.embed(texts[::-1])[::-1], alone)


@pytest.mark.parametrize("products", [False, True])
def test_nothing_is_computed_that_need_not_be(products: bool) -> None:
    graph = onnx.load_model_from_string(
        compute_from_int8(packaged_model().read_bytes(), products=products)
    ).graph
    kinds = [node.op_type for node in graph.node]
    assert kinds.count("MatMulNBits") == (30 if products else 0)
    assert "IsNaN" not in kinds
    constants = {tensor.name for tensor in graph.initializer}
    expanded = [n for n in graph.node if n.op_type == "Cast" and n.input[0] in constants]
    assert len(expanded) == (6 if products else 36)
    assert all(set(node.input) <= constants for node in expanded)


CPUINFO = "processor\t: 0\nmodel name\t: Some CPU\n{name}\t\t: {flags}\nbugs\t\t:\n"


@pytest.mark.parametrize(
    ("name", "flags", "fast"),
    [
        ("flags", "fpu avx2 avx512f avx512bw avx512_vnni", True),
        ("flags", "fpu avx2 avx_vnni", True),
        ("flags", "fpu avx2 avx512f avx512bw", False),
        ("flags", "fpu sse4_2", False),
        ("Features", "fp asimd asimddp i8mm", False),
    ],
    ids=["avx512 vnni", "avx vnni", "avx512 alone", "no avx", "arm"],
)
def test_int8_products_are_for_processors_with_vnni(
    tmp_path: Path, name: str, flags: str, fast: bool
) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(CPUINFO.format(name=name, flags=flags))
    assert has_fast_int8_products(cpuinfo) is fast


def test_where_the_system_tells_no_features_floats_are_multiplied(tmp_path: Path) -> None:
    assert has_fast_int8_products(tmp_path / "cpuinfo") is False


def test_the_processor_chooses_unless_told(
    floats: MiniLMEmbedder, int8: MiniLMEmbedder, embedder: MiniLMEmbedder
) -> None:
    chosen = int8 if has_fast_int8_products() else floats
    assert np.array_equal(embedder.embed(TEXTS), chosen.embed(TEXTS))
