import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.store.base import FloatVector
from backend.store.fusion import fuse, normalise

NAN = float("nan")


def floats(*values: float) -> FloatVector:
    return np.array(values, np.float32)


def fused(keyword: FloatVector, dense: FloatVector, sentence: FloatVector) -> FloatVector:
    return fuse(keyword, dense, sentence, dense_weight=0.2, sentence_weight=0.3)


share = st.floats(0, 1, width=32)
candidates = st.lists(
    st.tuples(share, st.one_of(st.none(), st.tuples(share, share))),
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


@given(st.lists(st.floats(0.125, 50, width=32), max_size=30), st.floats(0.125, 8, width=32))
def test_the_scale_of_keyword_scores_does_not_matter(scores: list[float], factor: float) -> None:
    own = floats(*scores)
    assert np.allclose(normalise(own, 0.0), normalise(own * np.float32(factor), 0.0), atol=1e-3)


def test_the_weights_are_those_of_keywords_passage_and_sentence() -> None:
    scores = fused(floats(1, 0, 0, 0), floats(0, 1, 0, 0), floats(0, 0, 1, 0))
    assert scores == pytest.approx([0.5, 0.2, 0.3, 0.0])


def test_passages_not_yet_embedded_are_ranked_by_words_alone() -> None:
    scores = fused(floats(1, 0.5, 0), floats(NAN, NAN, NAN), floats(NAN, NAN, NAN))
    assert scores == pytest.approx([1.0, 0.5, 0.0])


def test_the_floor_becomes_zero_and_the_highest_one() -> None:
    assert normalise(floats(2, 8, 5, 1), 2.0) == pytest.approx([0, 1, 0.5, 0])


def test_what_is_unknown_stays_unknown() -> None:
    scaled = normalise(floats(0.5, NAN), 0.0)
    assert scaled[0] == 1
    assert np.isnan(scaled[1])
    assert np.isnan(normalise(floats(NAN), 0.0)).all()


def test_nothing_above_the_floor_is_all_ones() -> None:
    assert normalise(floats(3, 3), 3.0).tolist() == [1, 1]
    assert normalise(floats(), 0.0).size == 0
