"""Whether the index holds what it should and whether both of its searches find it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

from backend.store.base import IndexPoint, SearchFilter, SearchIndex
from backend.store.keywords import KeywordEncoder

_PROBE_HITS: Final = 1_000


@dataclass(frozen=True, slots=True)
class PointCount:
    """A document whose points are not those of its rows."""

    document_id: str
    expected: int
    found: int
    vectors_expected: int
    vectors_found: int


@dataclass(frozen=True, slots=True)
class Inspection:
    """What is wrong with an index. `orphans` are ids of documents that are no more; the
    others, ids of documents of which one search did not find a passage that it holds."""

    points: int
    different: tuple[PointCount, ...]
    orphans: tuple[str, ...]
    unfound_by_words: tuple[str, ...]
    unfound_by_vector: tuple[str, ...]

    def to_wire(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return asdict(self)

    @classmethod
    def from_wire(cls, data: Mapping[str, Any]) -> Self:
        """Return what `to_wire` made a JSON object of."""
        return cls(
            points=data["points"],
            different=tuple(PointCount(**count) for count in data["different"]),
            orphans=tuple(data["orphans"]),
            unfound_by_words=tuple(data["unfound_by_words"]),
            unfound_by_vector=tuple(data["unfound_by_vector"]),
        )


def inspect(
    index: SearchIndex,
    expected: Mapping[str, tuple[int, int]],
    undecided: Collection[str],
    probes: Sequence[IndexPoint],
) -> Inspection:
    """Compare `index` with what it should hold.

    Args:
        expected: by document, how many points and how many of them with a vector.
        undecided: documents of which it may hold anything just now.
        probes: points that it holds, unless it differs in their number.

    Raises:
        Unavailable: the index cannot be read.
    """
    points = index.count_by_document()
    vectors = index.count_by_document(with_vector=True)
    different = [
        PointCount(id_, passages, points.get(id_, 0), embedded, vectors.get(id_, 0))
        for id_, (passages, embedded) in expected.items()
        if id_ not in undecided
        and (passages, embedded) != (points.get(id_, 0), vectors.get(id_, 0))
    ]
    settled = expected.keys() - undecided - {count.document_id for count in different}
    known = [probe for probe in probes if probe.document_id in settled]
    return Inspection(
        points=sum(points.values()),
        different=tuple(different),
        orphans=tuple(sorted(points.keys() - expected.keys() - set(undecided))),
        unfound_by_words=tuple(p.document_id for p in known if not _by_words(index, p)),
        unfound_by_vector=tuple(p.document_id for p in known if not _by_vector(index, p)),
    )


def _by_words(index: SearchIndex, probe: IndexPoint) -> bool:
    if not KeywordEncoder().query(probe.keyword_text).indices:
        return True  # nothing but stop words
    where = SearchFilter(probe.user_id, (probe.document_id,))
    hits = index.search_keywords(probe.keyword_text, where, _PROBE_HITS)
    return any(hit.id == probe.id for hit in hits)


def _by_vector(index: SearchIndex, probe: IndexPoint) -> bool:
    if probe.vector is None:
        return True
    where = SearchFilter(probe.user_id, (probe.document_id,))
    return any(hit.id == probe.id for hit in index.search_dense(probe.vector, where, _PROBE_HITS))
