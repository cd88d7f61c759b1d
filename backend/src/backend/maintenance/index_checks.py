"""Compares the search index with the rows, and tries both of its searches."""

from collections.abc import Callable
from functools import partial
from typing import Final

from backend.db.repositories import consistency, index_tasks
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
        try:
            inspection = self._index.inspect()
        except Unavailable as error:
            return [Finding("index_unreadable", "index", error.message, self._index.rebuild)], 0
        different = [
            Finding(
                "index_differs",
                count.document_id,
                _difference(count),
                partial(self._index_anew, count.document_id),
            )
            for count in inspection.different
        ]
        orphans = [
            Finding(
                "orphan_points",
                document_id,
                f"The index has points of the document {document_id}, which does not exist.",
                partial(self._remove_points, document_id),
            )
            for document_id in inspection.orphans
        ]
        return [*different, *orphans, *self._silent(inspection)], inspection.points

    def _silent(self, inspection: Inspection) -> list[Finding]:
        rebuild: Callable[[], object] = self._index.rebuild
        halves = (
            ("keyword", inspection.unfound_by_words),
            ("embedding", inspection.unfound_by_vector),
        )
        return [
            Finding(
                "search_finds_nothing",
                half,
                f"The {half} search does not find passages that the index holds, for example of "
                f"the document {unfound[0]}. Its folder is damaged.",
                rebuild,
            )
            for half, unfound in halves
            if unfound
        ]

    def _index_anew(self, document_id: str) -> None:
        with self._database.db_transaction() as session:
            consistency.index_anew(session, document_id)

    def _remove_points(self, document_id: str) -> None:
        with self._database.db_transaction() as session:
            index_tasks.add_delete(session, "", document_id)


def _difference(count: PointCount) -> str:
    if count.expected != count.found:
        return (
            f"The document {count.document_id} has {count.expected} passages, "
            f"the index {count.found} of them."
        )
    return (
        f"The document {count.document_id} has {count.vectors_expected} embedded passages, "
        f"the index {count.vectors_found} of them."
    )
