"""Measurements as a table for people or as JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.evaluation.measurement import Measurement

_HEADER = ("", "nDCG@10", "recall@5", "recall@10", "MRR", "p50 ms", "p95 ms")


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured on one set; `halves` by their names, if they were asked for."""

    dataset: str
    documents: int
    passages: int
    hybrid: Measurement
    halves: Mapping[str, Measurement]


def to_json(result: Result) -> str:
    """Return one line of JSON."""
    halves = {name: _fields(measurement) for name, measurement in result.halves.items()}
    return json.dumps(
        {
            "dataset": result.dataset,
            "documents": result.documents,
            "passages": result.passages,
            **_fields(result.hybrid),
            **({"halves": halves} if halves else {}),
        }
    )


def to_table(results: Sequence[Result]) -> str:
    """Return the lines of a Markdown table."""
    rows: list[Sequence[str]] = [_HEADER]
    for result in results:
        rows.append(_row(result.dataset, result.hybrid))
        rows += [_row(f"- {name}", measurement) for name, measurement in result.halves.items()]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = [_line(row, widths) for row in rows]
    rule = _line(["-" * width for width in widths], widths)
    return "\n".join([lines[0], rule, *lines[1:]])


def _fields(measurement: Measurement) -> dict[str, Any]:
    return {
        "queries": measurement.queries,
        "ndcg@10": round(measurement.ndcg_at_10, 4),
        "recall@5": round(measurement.recall_at_5, 4),
        "recall@10": round(measurement.recall_at_10, 4),
        "mrr": round(measurement.mrr, 4),
        "latency_ms": {
            "p50": round(measurement.latency_p50_ms, 1),
            "p95": round(measurement.latency_p95_ms, 1),
        },
    }


def _row(name: str, measurement: Measurement) -> Sequence[str]:
    return (
        name,
        *(
            f"{value:.3f}"
            for value in (
                measurement.ndcg_at_10,
                measurement.recall_at_5,
                measurement.recall_at_10,
                measurement.mrr,
            )
        ),
        f"{measurement.latency_p50_ms:.1f}",
        f"{measurement.latency_p95_ms:.1f}",
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *figures = cells
    padded = [figure.rjust(width) for figure, width in zip(figures, widths[1:], strict=True)]
    return f"| {' | '.join([first.ljust(widths[0]), *padded])} |"
