"""Keeps documents in step with folders until it is stopped."""

import fcntl
import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import IO

from backend.config import Config
from backend.db.session import Database
from backend.errors import FolderUnavailable
from backend.ingest.watch.notices import Notices
from backend.ingest.watch.reconcile import PassResult, Reconciler, Tell
from backend.ingest.watch.tree import shown

logger = logging.getLogger(__name__)

_FIRST_PAUSE_S = 0.5
_DEBOUNCE_S = 0.3
# Passes take at most this share of the time, however often something changes.
_BUSY_SHARE = 0.2


class FolderWatcher:
    """Watches folders for one user."""

    def __init__(
        self,
        config: Config,
        database: Database,
        folders: Sequence[bytes],
        find_owner: Callable[[], str | None],
        tell: Tell = lambda _sentence: None,
    ) -> None:
        """`folders` may be missing as yet; `find_owner` returns whose documents the files
        become, None while there is nobody; `tell` gets a line for each thing that happens.
        """
        self._config = config
        self._database = database
        self._folders = [os.path.realpath(folder) for folder in folders]
        self._find_owner = find_owner
        self._tell = tell
        self._stopping = threading.Event()
        self._changed = threading.Event()
        data_dir = os.path.realpath(os.fsencode(config.data_dir))
        self._notices = Notices(self._changed, (data_dir,))
        self._locks: dict[bytes, IO[str]] = {}
        self._problems: dict[bytes, str] = {}
        self._reconciler: Reconciler | None = None
        self._user_id = ""

    def stop(self) -> None:
        """Make `run` return after the file that is being read."""
        self._stopping.set()
        self._changed.set()

    def run(self) -> None:
        """Do passes until `stop` is called."""
        self._notices.start()
        pause_s = _FIRST_PAUSE_S
        try:
            while not self._stopping.is_set():
                self._changed.clear()
                started_at = time.monotonic()
                result = self._pass_or_log()
                lasted_s = time.monotonic() - started_at
                self._stopping.wait(
                    min(max(_DEBOUNCE_S, lasted_s / _BUSY_SHARE), self._config.watch_interval_s)
                )
                if result.is_unfinished:
                    pause_s = _FIRST_PAUSE_S if result.did_something else pause_s * 2
                    self._changed.wait(min(pause_s, self._config.watch_interval_s))
                else:
                    self._changed.wait(self._config.watch_interval_s)
                    pause_s = _FIRST_PAUSE_S
        finally:
            self._notices.stop()
            self.close()

    def close(self) -> None:
        """Let other processes watch the folders."""
        for lock in self._locks.values():
            lock.close()
        self._locks.clear()

    def _pass_or_log(self) -> PassResult:
        try:
            return self.run_pass()
        except Exception:
            # Most likely the database is away; the next pass begins anew.
            logger.exception("watching failed")
            return PassResult(is_unfinished=True)

    def run_pass(self) -> PassResult:
        """Look through all folders once."""
        result = PassResult()
        reconciler = self._reconciler_of_owner()
        if reconciler is None:
            result.is_unfinished = True
            return result
        missing = []
        for folder in self._folders:
            try:
                if not self._lock(folder):
                    raise FolderUnavailable(
                        f"Another process watches {shown(folder)} already; this one waits."
                    )
                missing += reconciler.read(folder, result)
                result.is_unfinished |= self._follow(folder)
                self._note(folder, None)
            except FolderUnavailable as error:
                self._note(folder, error.message)
        reconciler.let_go(missing, result)
        return result

    def _follow(self, folder: bytes) -> bool:
        """Return whether notices come only from now on: changes since the pass had none."""
        try:
            return self._notices.follow(folder)
        except FileNotFoundError:
            return False

    def _reconciler_of_owner(self) -> Reconciler | None:
        user_id = self._find_owner()
        if user_id is None:
            self._note(b"", "The account does not exist yet; watching begins when it does.")
            return None
        self._note(b"", None)
        if self._reconciler is None or user_id != self._user_id:
            self._user_id = user_id
            self._reconciler = Reconciler(
                self._config, self._database, user_id, self._tell, self._stopping.is_set
            )
        return self._reconciler

    def _lock(self, folder: bytes) -> bool:
        """Return whether this process, and no other on this data folder, watches `folder`."""
        if folder in self._locks:
            return True
        locks = self._config.data_dir / "watching"
        locks.mkdir(parents=True, exist_ok=True)
        key = hashlib.sha256(os.fsencode(self._user_id) + b"/" + folder).hexdigest()
        lock = (locks / f"{key[:32]}.lock").open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            return False
        self._locks[folder] = lock
        return True

    def _note(self, subject: bytes, problem: str | None) -> None:
        """Tell and log a problem when it begins, and its end."""
        if self._problems.get(subject) == problem:
            return
        if problem is None:
            del self._problems[subject]
            logger.info("watching goes on", extra={"folder": shown(subject)})
            self._tell(f"Watching {shown(subject)} again." if subject else "Watching begins.")
        else:
            self._problems[subject] = problem
            logger.warning("watching waits", extra={"reason": problem})
            self._tell(problem)
