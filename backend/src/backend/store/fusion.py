"""How the scores of several searches become one.

A convex combination of min-max-normalised scores: Bruch, Gai and Ingber, "An Analysis of
Fusion Functions for Hybrid Retrieval", ACM TOIS 2023.
"""

import numpy as np

from backend.store.base import FloatVector


def min_max(scores: FloatVector) -> FloatVector:
    """Scale `scores` to 0..1; all ones if they are all equal."""
    if scores.size == 0:
        return scores
    low, high = scores.min(), scores.max()
    if high == low:
        return np.ones_like(scores)
    scaled: FloatVector = (scores - low) / (high - low)
    return scaled


def fuse(
    keyword: FloatVector,
    dense: FloatVector,
    sentence: FloatVector,
    *,
    dense_weight: float,
    sentence_weight: float,
) -> FloatVector:
    """Return one score, 0..1, for each candidate; arrays have shape (candidates,).

    `keyword` is 0 for a passage that is not among the keyword hits. `dense` and `sentence`
    are NaN for a passage that is not embedded yet: it is judged by its words alone.
    """
    keyword = min_max(keyword) if keyword.any() else keyword
    embedded = ~np.isnan(dense)
    fused = keyword.copy()
    fused[embedded] = (
        (1.0 - dense_weight - sentence_weight) * keyword[embedded]
        + dense_weight * min_max(dense[embedded])
        + sentence_weight * min_max(sentence[embedded])
    )
    return fused
