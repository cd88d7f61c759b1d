"""Asks a set's questions as the chat would, and judges what is found."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from backend.chat.followups import expand
from backend.chat.retrieval import Search, find_sources
from backend.evaluation.corpus import Library
from backend.evaluation.dataset import Dataset, Query
from backend.evaluation.metrics import ndcg, percentile, recall, reciprocal_rank

DEPTH: Final = 10
_SHALLOW: Final = 5
# Several passages of one document count once, so more are asked for than are judged.
_PASSAGES: Final = 3 * DEPTH
_WARM_UP: Final = 5
_TELL_EVERY: Final = 100


@dataclass(frozen=True, slots=True)
class Measurement:
    """The means over a set's queries, 0..1, and how long a search took."""

    ndcg_at_10: float
    recall_at_5: float
    recall_at_10: float
    mrr: float
    latency_p50_ms: float
    latency_p95_ms: float
    queries: int


def measure(
    dataset: Dataset, library: Library, search: Search, tell: Callable[[str], None]
) -> Measurement:
    """Ask every query of a corpus of documents."""
    scopes = _scopes(dataset, library)

    def ask(query: Query) -> list[str]:
        found = _ask(query, library, search, scopes)
        return [library.entry_ids[document_id] for document_id in found]

    return measure_by(dataset, ask, tell)


def measure_by(
    dataset: Dataset, ask: Callable[[Query], list[str]], tell: Callable[[str], None]
) -> Measurement:
    """Ask every query once, one after the other, after a few to warm up.

    `ask` returns the ids of the entries found, best first.
    """
    for query in dataset.queries[:_WARM_UP]:
        ask(query)
    rankings: list[list[str]] = []
    milliseconds: list[float] = []
    for query in dataset.queries:
        began = time.perf_counter()
        rankings.append(ask(query))
        milliseconds.append((time.perf_counter() - began) * 1_000)
        if len(rankings) % _TELL_EVERY == 0:
            tell(f"{dataset.name}: {len(rankings):,} of {len(dataset.queries):,} queries asked")
    judged = list(zip(rankings, [query.relevant for query in dataset.queries], strict=True))
    return Measurement(
        ndcg_at_10=fmean(ndcg(ranked, relevant, DEPTH) for ranked, relevant in judged),
        recall_at_5=fmean(recall(ranked, relevant, _SHALLOW) for ranked, relevant in judged),
        recall_at_10=fmean(recall(ranked, relevant, DEPTH) for ranked, relevant in judged),
        mrr=fmean(reciprocal_rank(ranked, relevant, DEPTH) for ranked, relevant in judged),
        latency_p50_ms=percentile(milliseconds, 50),
        latency_p95_ms=percentile(milliseconds, 95),
        queries=len(judged),
    )


def _ask(
    query: Query, library: Library, search: Search, scopes: Mapping[str, Sequence[str]]
) -> list[str]:
    """Return the documents found, best first, each once."""
    scope = None if query.conversation is None else scopes.get(query.conversation, ())
    if scope == ():
        return []
    question = expand(query.text, query.previous)
    sources = find_sources(search, library.user_id, question, scope, limit=_PASSAGES)
    return list(dict.fromkeys(source.chunk.document_id for source in sources))


def _scopes(dataset: Dataset, library: Library) -> dict[str, Sequence[str]]:
    """Return the documents of each conversation."""
    document_ids = {entry_id: id_ for id_, entry_id in library.entry_ids.items()}
    scopes: dict[str, list[str]] = {}
    for entry in dataset.entries:
        if entry.conversation is not None and entry.id in document_ids:
            scopes.setdefault(entry.conversation, []).append(document_ids[entry.id])
    return dict(scopes)
