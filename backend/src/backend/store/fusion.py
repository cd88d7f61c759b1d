"""How the scores of several searches become one.

A convex combination of normalised scores, whose weights were chosen by measurement
(docs/retrieval.md): Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid
Retrieval", ACM TOIS 2023.
"""

import numpy as np

from backend.store.base import FloatVector


def normalise(scores: FloatVector, floor: float) -> FloatVector:
    """Scale `scores` so that `floor` becomes 0 and the highest 1; what lies below becomes 0.

    All ones if none exceeds the floor. NaN stays NaN.
    """
    if scores.size == 0 or np.isnan(scores).all():
        return scores
    high = np.nanmax(scores)
    if high <= floor:
        return np.where(np.isnan(scores), scores, np.float32(1.0))
    scaled: FloatVector = np.maximum((scores - np.float32(floor)) / (high - floor), 0.0)
    return scaled


def fuse(
    keyword: FloatVector,
    dense: FloatVector,
    sentence: FloatVector,
    *,
    dense_weight: float,
    sentence_weight: float,
) -> FloatVector:
    """Return one score, 0..1, for each candidate; all arrays are normalised, (candidates,).

    `dense` and `sentence` are NaN for a passage that is not embedded yet: it is judged by
    its words alone.
    """
    mixed = (
        (1.0 - dense_weight - sentence_weight) * keyword
        + dense_weight * dense
        + sentence_weight * sentence
    )
    fused: FloatVector = np.where(np.isnan(mixed), keyword, mixed).astype(np.float32)
    return fused
