"""Makes a user's documents agree with a folder, in passes that may end at any point.

A pass walks through the folder and the known files side by side, both in the order of their
paths, so neither is in memory as a whole. What is new is taken in before what is missing is
let go of: a moved file is new at one path with the bytes of another, so its document stays
and only its name follows.
"""

import logging
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from backend.config import Config
from backend.db.repositories import watched_files
from backend.db.repositories.watched_files import WatchedFileRecord
from backend.db.session import Database
from backend.errors import FolderUnavailable
from backend.ingest.watch.taking import FileTaker, Outcome
from backend.ingest.watch.tree import FoundFile, Tree, shown, shown_path

logger = logging.getLogger(__name__)

_PAGE_ROWS = 1000
_MAX_MISSING = 10_000  # looked at in one pass; the next one takes up the rest
# For how many times WATCH_QUIET_S a file must be missing: its new path must be quiet first,
# and programs that save by deleting need a moment to write anew.
_MISSING_FACTOR = 2

Tell = Callable[[str], None]


@dataclass(slots=True)
class PassResult:
    """What a pass did. `is_unfinished`: something waits, so look again soon."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    refused: int = 0
    is_unfinished: bool = False

    @property
    def did_something(self) -> bool:
        return bool(self.added or self.changed or self.removed or self.refused)


class Reconciler:
    """One user's view of folders; used by one thread."""

    def __init__(
        self,
        config: Config,
        database: Database,
        user_id: str,
        tell: Tell = lambda _sentence: None,
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """`tell` gets a line for each file; `is_stopping` is asked between two files."""
        self._database = database
        self._user_id = user_id
        self._tell = tell
        self._is_stopping = is_stopping
        self._taker = FileTaker(config, database, user_id)
        self._missing_for_s = config.watch_quiet_s * _MISSING_FACTOR
        self._excluded = (os.path.realpath(os.fsencode(config.data_dir)),)
        self._missing_since: dict[str, float] = {}

    def run(self, *folders: bytes) -> PassResult:
        """Do one pass over `folders`, absolute paths without symbolic links.

        All are read before anything is let go of, so that files may move between them.
        """
        result = PassResult()
        missing: list[WatchedFileRecord] = []
        for folder in folders:
            missing += self.read(folder, result)
        self.let_go(missing, result)
        return result

    def read(self, folder: bytes, result: PassResult) -> list[WatchedFileRecord]:
        """Take in what is new or changed; return the known files that are missing.

        Raises:
            FolderUnavailable: the folder is missing, cannot be read or is empty although
                files of it are known, as a drive that is not mounted.
        """
        tree = Tree(folder, self._excluded)
        self._refuse_empty(folder)
        self._settle(folder, result)
        missing: list[WatchedFileRecord] = []
        for found, row in _side_by_side(tree.files(), self._rows(folder)):
            if self._is_stopping():
                return []
            if found is not None:
                self._look_at(folder, found, row, result)
            elif row is not None and len(missing) < _MAX_MISSING:
                missing.append(row)
        if not tree.is_same():
            result.is_unfinished = True
            return []
        return [row for row in missing if not tree.may_have(row.path)]

    def let_go(self, missing: list[WatchedFileRecord], result: PassResult) -> None:
        """Forget files that have been missing for long enough, with their documents."""
        now = time.monotonic()
        since = {row.id: self._missing_since.get(row.id, now) for row in missing}
        self._missing_since = since
        for row in missing:
            if now - since[row.id] < self._missing_for_s:
                result.is_unfinished = True
                continue
            if self._is_stopping():
                return
            with self._database.db_transaction() as session:
                watched_files.forget(session, row)
            result.removed += 1
            self._tell(f"Removed: {row.shown_path}")

    def _refuse_empty(self, folder: bytes) -> None:
        with os.scandir(folder) as entries:
            is_empty = next(entries, None) is None
        if is_empty:
            with self._database.db_session() as session:
                is_known = watched_files.is_any(session, self._user_id, folder)
            if is_known:
                raise FolderUnavailable(
                    f"The watched folder {shown(folder)} is empty, as when its drive is not "
                    "mounted, so its documents stay. `docchat unwatch --remove-documents` "
                    "removes them."
                )

    def _settle(self, folder: bytes, result: PassResult) -> None:
        with self._database.db_session() as session:
            waiting = watched_files.list_replacing(session, self._user_id, folder)
        for file in waiting:
            with self._database.db_transaction() as session:
                if not watched_files.settle(session, file):
                    result.is_unfinished = True

    def _rows(self, folder: bytes) -> Iterator[WatchedFileRecord]:
        path = b""
        while True:
            with self._database.db_session() as session:
                rows = watched_files.list_after(session, self._user_id, folder, path, _PAGE_ROWS)
            yield from rows
            if len(rows) < _PAGE_ROWS:
                return
            path = rows[-1].path

    def _look_at(
        self, folder: bytes, found: FoundFile, row: WatchedFileRecord | None, result: PassResult
    ) -> None:
        if row is not None and self._taker.is_settled(found, row):
            return
        outcome = self._taker.take(folder, found, row)
        if outcome is Outcome.LATER:
            result.is_unfinished = True
        elif outcome is Outcome.ADDED:
            result.added += 1
            self._tell(f"Added: {shown_path(folder, found.path)}")
        elif outcome is Outcome.CHANGED:
            result.changed += 1
            result.is_unfinished = True  # the version before goes when this one answers
            self._tell(f"Changed: {shown_path(folder, found.path)}")
        elif outcome is Outcome.REFUSED:
            result.refused += 1
            self._tell(f"Not taken in: {shown_path(folder, found.path)}")


def _side_by_side(
    files: Iterator[FoundFile], rows: Iterator[WatchedFileRecord]
) -> Iterator[tuple[FoundFile | None, WatchedFileRecord | None]]:
    """Pair what is found with what is known; both come in the order of their paths."""
    found, row = next(files, None), next(rows, None)
    while found is not None or row is not None:
        if row is None or (found is not None and found.path < row.path):
            yield found, None
            found = next(files, None)
        elif found is None or row.path < found.path:
            yield None, row
            row = next(rows, None)
        else:
            yield found, row
            found, row = next(files, None), next(rows, None)
