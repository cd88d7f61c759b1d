"""Neighbouring passages joined into one, with all that quotes and citations need."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from backend.store.search import ChunkEvidence, SearchResult


def merged(found: Sequence[SearchResult]) -> list[SearchResult]:
    """Return the results with passages that follow on each other joined, where the best stood.

    What it frees of the places is filled with what comes next.
    """
    place = {(r.chunk.document_id, r.chunk.ordinal): n for n, r in enumerate(found)}
    joined = []
    taken: set[int] = set()
    for n, result in enumerate(found):
        if n not in taken:
            run = list(_run(place, result.chunk))
            taken.update(run)
            joined.append(_join([found[member] for member in run]))
    return joined


def _run(place: dict[tuple[str, int], int], chunk: ChunkEvidence) -> Iterator[int]:
    """Yield the places of the passages around `chunk`, itself included, in reading order."""
    ordinal = chunk.ordinal
    while (chunk.document_id, ordinal - 1) in place:
        ordinal -= 1
    while (chunk.document_id, ordinal) in place:
        yield place[chunk.document_id, ordinal]
        ordinal += 1


def _join(run: Sequence[SearchResult]) -> SearchResult:
    """Return one result for neighbours in reading order; its id is the first one's."""
    whole, *rest = run
    for result in rest:
        chunk = _join_chunks(whole.chunk, result.chunk)
        more = len(chunk.sentences) - len(whole.chunk.sentences)
        new = result.sentence_relevance[len(result.sentence_relevance) - more :]
        whole = replace(
            whole,
            chunk=chunk,
            score=max(whole.score, result.score),
            sentence_relevance=whole.sentence_relevance + new,
        )
    return whole


def _join_chunks(first: ChunkEvidence, second: ChunkEvidence) -> ChunkEvidence:
    repeated = max(0, first.end - second.start)
    # Between sentences there is nothing but white space.
    gap = " " * max(0, second.start - first.end)
    shift = second.start - first.start
    new = [s for s in second.sentences if s[0] >= repeated]
    rows = second.sentence_vectors or b""
    size = len(rows) // max(1, len(second.sentences))
    return replace(
        first,
        end=max(first.end, second.end),
        text=first.text + gap + second.text[repeated:],
        page_spans=_join_spans(first.page_spans, second.page_spans),
        sentences=[*first.sentences, *([a + shift, b + shift] for a, b in new)],
        sentence_vectors=(first.sentence_vectors or b"") + rows[len(rows) - size * len(new) :],
    )


def _join_spans(
    first: Sequence[Sequence[int]], second: Sequence[Sequence[int]]
) -> list[Sequence[int]]:
    spans = {page: (start, end) for page, start, end in first}
    for page, start, end in second:
        before = spans.get(page, (start, end))
        spans[page] = (min(start, before[0]), max(end, before[1]))
    return [[page, *span] for page, span in sorted(spans.items())]
