"""How good a ranking is, judged by graded relevance.

All take `ranked`, document ids best first without repetition, and `relevant`, the grade
(above 0) of every relevant document, of which there is at least one. All return 0..1.
"""

import math
from collections.abc import Mapping, Sequence
from statistics import quantiles


def ndcg(ranked: Sequence[str], relevant: Mapping[str, float], depth: int) -> float:
    """Return the discounted gain of the first `depth`, as a share of the best possible.

    The gain is the grade itself and the discount log2(rank + 1), as in trec_eval. Järvelin
    and Kekäläinen, "Cumulated Gain-Based Evaluation of IR Techniques", ACM TOIS 2002.
    """
    gain = _discounted([relevant.get(id_, 0.0) for id_ in ranked[:depth]])
    return gain / _discounted(sorted(relevant.values(), reverse=True)[:depth])


def recall(ranked: Sequence[str], relevant: Mapping[str, float], depth: int) -> float:
    """Return which share of all relevant documents is among the first `depth`."""
    return len(relevant.keys() & set(ranked[:depth])) / len(relevant)


def reciprocal_rank(ranked: Sequence[str], relevant: Mapping[str, float], depth: int) -> float:
    """Return 1 / rank of the first relevant document among the first `depth`, else 0."""
    return next(
        (1 / rank for rank, id_ in enumerate(ranked[:depth], start=1) if id_ in relevant), 0.0
    )


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the value below which `percent` (1..99) of at least one value lie."""
    if len(values) == 1:
        return values[0]
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def _discounted(gains: Sequence[float]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))
