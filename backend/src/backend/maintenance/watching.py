"""The commands `docchat watch` and `docchat unwatch`, beside a server or without one."""

import os
import signal
from collections.abc import Callable, Sequence
from types import FrameType

from backend.config import Config
from backend.db.repositories import users, watched_files
from backend.db.session import Database
from backend.errors import Conflict, InvalidRequest, NotFound
from backend.ingest import process_limits
from backend.ingest.watch.tree import shown
from backend.ingest.watch.watcher import FolderWatcher
from backend.maintenance.opening import find_user, open_database

_FORGOTTEN_AT_ONCE = 500

Tell = Callable[[str], None]


def run_watch(config: Config, folders: Sequence[bytes], username: str, tell: Tell) -> None:
    """Watch `folders`, or WATCH_FOLDERS if there are none, until SIGINT or SIGTERM.

    Raises:
        InvalidRequest: there is no folder to watch, or one is a file.
        ConfigurationError: the data folder or the database cannot be used.
    """
    paths = [os.path.abspath(folder) for folder in folders or config.watched_folders]
    if not paths:
        raise InvalidRequest("Name a folder to watch, or set WATCH_FOLDERS.")
    for path in paths:
        if os.path.isfile(path):
            raise InvalidRequest(f"{shown(path)} is a file. Name the folder it lies in.")
    process_limits.lower_priority(config.ingest_nice)
    with open_database(config) as database:

        def find_owner() -> str | None:
            return find_user(database, username or config.watch_user)

        watcher = FolderWatcher(config, database, paths, find_owner, tell)

        def on_signal(_signal: int, _frame: FrameType | None) -> None:
            watcher.stop()

        signal.signal(signal.SIGTERM, on_signal)
        signal.signal(signal.SIGINT, on_signal)
        process_limits.watch_parent(watcher.stop, config.shutdown_timeout_s)
        for path in paths:
            tell(f"Watching {shown(path)}  (Ctrl+C stops it)")
        watcher.run()


def list_watched(config: Config, tell: Tell) -> None:
    """Tell what is known of each folder, and which files were not taken in and why.

    Raises:
        ConfigurationError: the data folder or the database cannot be used.
    """
    with open_database(config) as database:
        with database.db_session() as session:
            folders = watched_files.summaries(session)
        if not folders:
            tell("No folder is watched.")
        for folder in folders:
            with database.db_session() as session:
                user = users.get(session, folder.user_id)
                refused = watched_files.list_refused(session, folder.user_id, folder.folder)
            name = user.username if user else folder.user_id
            tell(
                f"{shown(folder.folder)} ({name}): {folder.documents} files are documents, "
                f"{folder.refused} were not taken in, {folder.dismissed} were deleted in the page"
            )
            for file in refused:
                tell(f"  {file.shown_path}: {file.error_message}")


def run_unwatch(
    config: Config, folder: bytes, username: str, *, remove_documents: bool, tell: Tell
) -> None:
    """Forget a folder; its documents stay for good, or are deleted.

    Raises:
        Conflict: WATCH_FOLDERS names it, so it would be watched again.
        NotFound: nothing is known of the folder, or there is no such user.
        ConfigurationError: the data folder or the database cannot be used.
    """
    path = os.path.realpath(folder)
    if path in [os.path.realpath(named) for named in config.watched_folders]:
        raise Conflict(
            f"WATCH_FOLDERS names {shown(path)}. Take it out there and restart the server first."
        )
    with open_database(config) as database:
        user_id = find_user(database, username) if username else None
        if username and user_id is None:
            raise NotFound(f"There is no account {username}.")
        with database.db_session() as session:
            found = [
                summary
                for summary in watched_files.summaries(session)
                if summary.folder == path and user_id in (None, summary.user_id)
            ]
        if not found:
            raise NotFound(
                f"The folder {shown(path)} is not watched. `docchat watch --list` shows those "
                "that are."
            )
        count = sum(_release(database, s.user_id, path, remove_documents) for s in found)
    what = "deleted" if remove_documents else "kept"
    tell(f"{shown(path)} is not watched any more; the documents of its {count} files are {what}.")


def _release(database: Database, user_id: str, folder: bytes, remove_documents: bool) -> int:
    count = 0
    while True:
        with database.db_transaction() as session:
            released = watched_files.release_folder(
                session, user_id, folder, _FORGOTTEN_AT_ONCE, remove_documents=remove_documents
            )
        count += released
        if not released:
            return count
