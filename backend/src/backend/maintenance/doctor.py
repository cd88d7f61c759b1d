"""`docchat doctor`: compares database, files and index, and mends what differs."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from backend.db.repositories import consistency
from backend.db.repositories.consistency import Totals
from backend.db.session import Database
from backend.errors import DocChatError
from backend.files import FileStore
from backend.maintenance.file_checks import FileChecks
from backend.maintenance.findings import Finding
from backend.maintenance.index_access import IndexAccess, wait_until_carried
from backend.maintenance.index_checks import CODES, IndexChecks
from backend.maintenance.keys import find_unreadable
from backend.maintenance.row_checks import RowChecks
from backend.secret_box import SecretBox

_SECOND_LOOK_AFTER_S: Final = 1.5
_STANDSTILL_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Examination:
    """What is there and what is wrong."""

    totals: Totals
    files: int
    points: int
    findings: tuple[Finding, ...]


class Doctor:
    """Examines and repairs one data folder."""

    def __init__(
        self,
        database: Database,
        file_store: FileStore,
        index: IndexAccess,
        secret_box: SecretBox,
        *,
        is_alone: bool,
    ) -> None:
        """`is_alone`: no server is running, so nothing changes by itself."""
        self._secret_box = secret_box
        self._database = database
        self._index = index
        self._file_store = file_store
        self._row_checks = RowChecks(database, is_alone=is_alone)
        self._file_checks = FileChecks(database, file_store)
        self._index_checks = IndexChecks(database, index)
        self._is_alone = is_alone

    def examine(self) -> Examination:
        """Look at everything.

        Beside a running server only what is still there at a second look is wrong: in
        between, work in hand came to its end.
        """
        examination = self._look()
        if self._is_alone or not examination.findings:
            return examination
        threading.Event().wait(_SECOND_LOOK_AFTER_S)
        second = self._look()
        lasting = [f for f in second.findings if f in examination.findings]
        return Examination(second.totals, second.files, second.points, tuple(lasting))

    def repair(self, examination: Examination, tell: Callable[[str], None]) -> Examination:
        """Mend what can be mended, wait for the index to follow, and examine again.

        An index that takes no repair is damaged itself: it is rebuilt.
        """
        for finding in examination.findings:
            if finding.repair is not None:
                self._try(finding.repair, finding.sentence, tell)
        repaired = self._examine_when_carried(tell)
        if CODES.isdisjoint(finding.code for finding in repaired.findings):
            return repaired
        self._try(self._index.rebuild, "The index is still wrong.", tell)
        return self._examine_when_carried(tell)

    def _try(
        self, repair: Callable[[], object], sentence: str, tell: Callable[[str], None]
    ) -> None:
        try:
            repair()
        except DocChatError as error:
            tell(f"not repaired: {sentence} {error.message}")

    def _examine_when_carried(self, tell: Callable[[str], None]) -> Examination:
        self._index.carry()
        if not wait_until_carried(self._database, patience_s=_STANDSTILL_S):
            tell("the index did not take all changes; see the log")
        return self.examine()

    def _look(self) -> Examination:
        findings = [*self._row_checks.find(), *self._file_checks.find()]
        findings += find_unreadable(self._database, self._secret_box)
        in_index, points = self._index_checks.find()
        with self._database.db_session() as session:
            totals = consistency.totals(session)
        files = len(self._file_store.list_sha256())
        return Examination(totals, files, points, (*findings, *in_index))
