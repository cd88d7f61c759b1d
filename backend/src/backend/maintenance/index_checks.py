"""Compares the search index with the rows, and tries both of its searches."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy.orm import Session

from backend.db.repositories import consistency, index_tasks, message_passages
from backend.db.session import Database
from backend.errors import Unavailable
from backend.maintenance.findings import Finding
from backend.maintenance.index_access import IndexAccess
from backend.store.inspection import Inspection, PointCount

CODES: Final = frozenset(
    {"index_differs", "index_unreadable", "orphan_points", "search_finds_nothing"}
)


class IndexChecks:
    """The checks that need the database and the index."""

    def __init__(self, database: Database, index: IndexAccess) -> None:
        self._database = database
        self._index = index

    def find(self) -> tuple[list[Finding], int]:
        """Return what is wrong, and how many points there are."""
        findings: list[Finding] = []
        points = 0
        for of in (_DOCUMENTS, _CONVERSATIONS):
            is_messages = of is _CONVERSATIONS
            inspect = self._index.inspect_messages if is_messages else self._index.inspect
            try:
                inspection = inspect()
            except Unavailable as error:
                problem = Finding("index_unreadable", of.index, error.message, self._index.rebuild)
                return [*findings, problem], points
            findings += self._of(inspection, of)
            points += inspection.points
        return findings, points

    def _of(self, inspection: Inspection, of: "_Subject") -> Iterator[Finding]:
        for count in inspection.different:
            yield Finding(
                "index_differs",
                count.document_id,
                _difference(count, of.noun),
                partial(self._change, of.index_anew, count.document_id),
            )
        for document_id in inspection.orphans:
            yield Finding(
                "orphan_points",
                document_id,
                f"The index has points of the {of.noun} {document_id}, which does not exist.",
                partial(self._change, of.remove_points, document_id),
            )
        yield from self._silent(inspection, of)

    def _silent(self, inspection: Inspection, of: "_Subject") -> list[Finding]:
        rebuild: Callable[[], object] = self._index.rebuild
        halves = (
            ("keyword", inspection.unfound_by_words),
            ("embedding", inspection.unfound_by_vector),
        )
        return [
            Finding(
                "search_finds_nothing",
                f"{of.prefix}{half}",
                f"The {half} search does not find passages that the index holds, for example of "
                f"the {of.noun} {unfound[0]}. Its folder is damaged.",
                rebuild,
            )
            for half, unfound in halves
            if unfound
        ]

    def _change(self, action: Callable[[Session, str], None], document_id: str) -> None:
        with self._database.db_transaction() as session:
            action(session, document_id)


@dataclass(frozen=True, slots=True)
class _Subject:
    """What an index is of."""

    index: str
    prefix: str
    noun: str
    index_anew: Callable[[Session, str], None]
    remove_points: Callable[[Session, str], None]


_DOCUMENTS: Final = _Subject(
    index="index",
    prefix="",
    noun="document",
    index_anew=consistency.index_anew,
    remove_points=lambda session, id_: index_tasks.add_delete(session, "", id_),
)
_CONVERSATIONS: Final = _Subject(
    index="index of messages",
    prefix="messages, ",
    noun="conversation",
    index_anew=message_passages.repair,
    remove_points=message_passages.repair,
)


def _difference(count: PointCount, noun: str) -> str:
    if count.expected != count.found:
        return (
            f"The {noun} {count.document_id} has {count.expected} passages, "
            f"the index {count.found} of them."
        )
    return (
        f"The {noun} {count.document_id} has {count.vectors_expected} embedded passages, "
        f"the index {count.vectors_found} of them."
    )
