import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.store.base import FloatVector
from backend.store.fusion import fuse, min_max

NAN = float("nan")


def floats(*values: float) -> FloatVector:
    return np.array(values, np.float32)


def fused(keyword: FloatVector, dense: FloatVector, sentence: FloatVector) -> FloatVector:
    return fuse(keyword, dense, sentence, dense_weight=0.2, sentence_weight=0.3)


candidates = st.lists(
    st.tuples(
        st.floats(0, 50, width=32),
        st.one_of(st.none(), st.tuples(st.floats(-1, 1, width=32), st.floats(-1, 1, width=32))),
    ),
    max_size=30,
)


def columns(rows: list[tuple[float, tuple[float, float] | None]]) -> list[FloatVector]:
    return [
        floats(*(keyword for keyword, _ in rows)),
        floats(*(NAN if dense is None else dense[0] for _, dense in rows)),
        floats(*(NAN if dense is None else dense[1] for _, dense in rows)),
    ]


@given(candidates)
def test_every_candidate_gets_a_score_between_zero_and_one(
    rows: list[tuple[float, tuple[float, float] | None]],
) -> None:
    scores = fused(*columns(rows))
    assert scores.shape == (len(rows),)
    assert np.all((scores >= -1e-6) & (scores <= 1 + 1e-6))


@given(candidates)
def test_a_candidate_that_is_no_worse_in_anything_never_ranks_lower(
    rows: list[tuple[float, tuple[float, float] | None]],
) -> None:
    rows = [row for row in rows if row[1] is not None]
    keyword, dense, sentence = columns(rows)
    scores = fused(keyword, dense, sentence)
    for a in range(len(rows)):
        for b in range(len(rows)):
            if keyword[a] >= keyword[b] and dense[a] >= dense[b] and sentence[a] >= sentence[b]:
                assert scores[a] >= scores[b] - 1e-6


@given(candidates, st.floats(0.125, 8, width=32))
def test_the_scale_of_keyword_scores_does_not_matter(
    rows: list[tuple[float, tuple[float, float] | None]], factor: float
) -> None:
    keyword, dense, sentence = columns(rows)
    assert np.allclose(
        fused(keyword, dense, sentence),
        fused(keyword * np.float32(factor), dense, sentence),
        atol=1e-3,
    )


def test_the_weights_are_those_of_keywords_passage_and_sentence() -> None:
    scores = fused(floats(5, 0, 0, 0), floats(0, 0.9, 0, 0), floats(0, 0, 0.9, 0))
    assert scores == pytest.approx([0.5, 0.2, 0.3, 0.0])


def test_passages_not_yet_embedded_are_ranked_by_words_alone() -> None:
    scores = fused(floats(4, 2, 0), floats(NAN, NAN, NAN), floats(NAN, NAN, NAN))
    assert scores == pytest.approx([1.0, 0.5, 0.0])


def test_without_keyword_hits_meaning_alone_decides() -> None:
    scores = fused(floats(0, 0), floats(0.1, 0.6), floats(0.2, 0.7))
    assert scores == pytest.approx([0.0, 0.5])


def test_equal_scores_are_all_ones() -> None:
    assert min_max(floats(3, 3)).tolist() == [1, 1]
    assert min_max(floats()).size == 0
