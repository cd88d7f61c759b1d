"""Metrics against values computed by hand."""

import pytest

from backend.evaluation.metrics import ndcg, percentile, recall, reciprocal_rank

# Ranks 1 and 4 are relevant (grades 1 and 3), and so is a document that was not found (2).
RANKED = ["a", "x", "y", "b", "z"]
RELEVANT = {"a": 1.0, "b": 3.0, "c": 2.0}


def test_ndcg_takes_grades_as_gains_and_divides_by_the_best_order() -> None:
    # 1/log2(2) + 3/log2(5) = 2.292030; 3/log2(2) + 2/log2(3) + 1/log2(4) = 4.761860
    assert ndcg(RANKED, RELEVANT, 10) == pytest.approx(2.292030 / 4.761860, abs=1e-6)


def test_ndcg_ends_at_its_depth_for_the_best_order_too() -> None:
    # 1 of 3 + 2/log2(3) = 4.261860
    assert ndcg(RANKED, RELEVANT, 2) == pytest.approx(1 / 4.261860, abs=1e-6)


def test_ndcg_of_the_best_order_is_one() -> None:
    assert ndcg(["b", "c", "a"], RELEVANT, 10) == pytest.approx(1.0)


def test_recall_counts_all_relevant_documents_also_those_beyond_its_depth() -> None:
    assert recall(RANKED, RELEVANT, 3) == pytest.approx(1 / 3)
    assert recall(RANKED, RELEVANT, 5) == pytest.approx(2 / 3)


def test_the_reciprocal_rank_is_of_the_first_relevant_document_within_its_depth() -> None:
    assert reciprocal_rank(["x", "y", "b", "a"], RELEVANT, 10) == pytest.approx(1 / 3)
    assert reciprocal_rank(["x", "y", "b"], RELEVANT, 2) == 0.0


def test_nothing_found_scores_zero() -> None:
    assert ndcg([], RELEVANT, 10) == recall([], RELEVANT, 10) == 0.0
    assert reciprocal_rank([], RELEVANT, 10) == 0.0


def test_percentiles_lie_between_the_values() -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0], 50) == pytest.approx(2.5)
    assert percentile([1.0, 2.0, 3.0, 4.0], 95) == pytest.approx(3.85)
    assert percentile([7.0], 95) == 7.0
