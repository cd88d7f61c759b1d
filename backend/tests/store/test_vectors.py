import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from backend.store.base import FloatVector
from backend.store.vectors import (
    pack_sentence_vectors,
    pack_vector,
    sentence_cosines,
    unit,
    unpack_sentence_vectors,
    unpack_vector,
)

components = st.integers(-1_000, 1_000).map(lambda thousandths: thousandths / 1_000)
matrices = st.tuples(st.integers(0, 9), st.integers(1, 40)).flatmap(
    lambda shape: arrays(np.float32, shape, elements=components)
)


@given(arrays(np.float32, st.integers(0, 400), elements=st.floats(width=32, allow_nan=False)))
def test_a_vector_comes_back_bit_by_bit(vector: FloatVector) -> None:
    data = pack_vector(vector)
    assert len(data) == 4 * vector.size
    assert np.array_equal(unpack_vector(data), vector)


@given(matrices)
def test_sentence_vectors_come_back_within_a_rounding_step(rows: FloatVector) -> None:
    vectors = unit(rows)
    data = pack_sentence_vectors(vectors)
    back = unpack_sentence_vectors(data, rows.shape[1])
    assert len(data) == rows.size
    assert back.shape == rows.shape
    assert np.allclose(back / 127, vectors, atol=0.5 / 127 + 1e-6)
    assert pack_sentence_vectors(back.astype(np.float32) / 127) == data


@given(matrices)
def test_unit_vectors_have_length_one_and_zero_stays_zero(rows: FloatVector) -> None:
    lengths = np.linalg.norm(unit(rows), axis=1)
    assert np.all(np.isclose(lengths, 1, atol=1e-4) | (lengths == 0))


def test_cosines_of_packed_sentences_are_those_of_the_vectors() -> None:
    random = np.random.default_rng(0)
    vectors = unit(random.normal(size=(500, 384)).astype(np.float32))
    query = unit(vectors[0] + 0.5 * vectors[1])
    packed = unpack_sentence_vectors(pack_sentence_vectors(vectors), 384)
    assert np.abs(sentence_cosines(packed, query) - vectors @ query).max() < 0.01


def test_bytes_of_a_wrong_length_are_refused() -> None:
    with pytest.raises(ValueError, match="buffer size"):
        unpack_vector(b"12345")
    with pytest.raises(ValueError, match="reshape"):
        unpack_sentence_vectors(b"12345", 4)
