"""Notices of changes in folders, from the operating system.

A notice only wakes the watcher, which then looks for itself: none needs to be right, and
where none comes (network drives, a used-up limit) the regular pass finds the same later.
"""

import logging
import os
import threading
from collections.abc import Collection

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import ObservedWatch

from backend.ingest.watch.ignored import is_ignored
from backend.ingest.watch.tree import shown

logger = logging.getLogger(__name__)

# Opening and reading are left out: the watcher does both itself.
_EVENTS: list[type[FileSystemEvent]] = [
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
]


class Notices:
    """Sets `changed` whenever something that counts changes in one of the folders."""

    def __init__(self, changed: threading.Event, excluded: Collection[bytes] = ()) -> None:
        """Nothing in the folders `excluded` counts."""
        self._changed = changed
        self._excluded = tuple(excluded)
        self._observer = Observer()
        self._watches: dict[bytes, tuple[tuple[int, int], ObservedWatch | None]] = {}

    def start(self) -> None:
        """Start the threads."""
        self._observer.start()

    def stop(self) -> None:
        """End the threads."""
        self._observer.stop()
        self._observer.join()

    def follow(self, folder: bytes) -> bool:
        """Hear of changes in `folder` from now on; return False if that is so already.

        Call it again when the folder may be another one, as after mounting a drive.

        Raises:
            FileNotFoundError: there is no such folder.
        """
        status = os.stat(folder)
        identity = (status.st_dev, status.st_ino)
        known = self._watches.get(folder)
        if known is not None:
            if known[0] == identity:
                return False
            if known[1] is not None:
                self._observer.unschedule(known[1])
        self._watches[folder] = (identity, self._schedule(folder))
        return True

    def _schedule(self, folder: bytes) -> ObservedWatch | None:
        handler = _Handler(folder, self._excluded, self._changed)
        try:
            return self._observer.schedule(
                handler, os.fsdecode(folder), recursive=True, event_filter=_EVENTS
            )
        except OSError as error:
            logger.warning(
                "no notices of changes in a watched folder; it is looked through regularly",
                extra={"folder": shown(folder), "reason": error.strerror},
            )
            return None


class _Handler(FileSystemEventHandler):
    def __init__(
        self, folder: bytes, excluded: Collection[bytes], changed: threading.Event
    ) -> None:
        self._folder = folder
        self._excluded = excluded
        self._changed = changed

    def on_any_event(self, event: FileSystemEvent) -> None:
        if self._counts(event.src_path) or self._counts(event.dest_path):
            self._changed.set()

    def _counts(self, path: bytes | str) -> bool:
        absolute = os.fsencode(path)
        if not absolute or any(absolute.startswith(folder + b"/") for folder in self._excluded):
            return False
        below = absolute[len(self._folder) :].strip(b"/")
        return not any(is_ignored(part) for part in below.split(b"/"))
