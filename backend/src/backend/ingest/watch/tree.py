"""What lies in a folder: regular files in the order of their paths' bytes.

No symbolic link is followed: what one points to inside the folder is found where it lies,
and what is outside is nobody's business. Pipes, sockets and devices are never opened.
"""

import os
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader

from backend.errors import FolderUnavailable
from backend.files import shown_filename
from backend.ingest.watch.ignored import is_ignored

# Windows has neither; there, opening a pipe by its name in a folder is not possible.
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file; `path` is relative to the folder, times are those of the file system."""

    path: bytes
    size_bytes: int
    mtime_ns: int
    ctime_ns: int


class Tree:
    """One walk through a folder."""

    def __init__(self, folder: bytes, excluded: Collection[bytes] = ()) -> None:
        """`excluded` are absolute paths of folders that are left out.

        Raises:
            FolderUnavailable: the folder is missing or cannot be read.
        """
        self._folder = folder
        self._excluded = frozenset(excluded)
        self._unread: list[bytes] = []
        self._identity = self._identify()

    @property
    def identity(self) -> tuple[int, int]:
        """Tells this folder from another one that takes its place."""
        return self._identity

    def files(self) -> Iterator[FoundFile]:
        """Give the files; a folder is read when its turn comes, so memory stays small."""
        waiting = self._entries(b"")
        while waiting:
            path, entry = waiting.pop()
            if path.endswith(b"/"):
                waiting += self._entries(path)
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            except OSError:
                self._unread.append(path)
                continue
            if stat.S_ISREG(status.st_mode):
                yield FoundFile(path, status.st_size, status.st_mtime_ns, status.st_ctime_ns)

    def may_have(self, path: bytes) -> bool:
        """Return whether `path` may be there though it was not found: it could not be read."""
        return any(path == unread or path.startswith(unread + b"/") for unread in self._unread)

    def is_same(self) -> bool:
        """Return whether the folder is still the one the walk began in."""
        try:
            return self._identify() == self._identity
        except FolderUnavailable:
            return False

    def _identify(self) -> tuple[int, int]:
        try:
            with os.scandir(self._folder):
                status = os.stat(self._folder)
        except OSError as error:
            raise FolderUnavailable(
                f"The watched folder {shown(self._folder)} cannot be read "
                f"({error.strerror}). Its documents stay; it is looked at again later."
            ) from None
        return status.st_dev, status.st_ino

    def _entries(self, path: bytes) -> list[tuple[bytes, "os.DirEntry[bytes]"]]:
        """Return what is in a folder, last first; the paths of folders end with a slash."""
        try:
            with os.scandir(os.path.join(self._folder, path)) as entries:
                found = [
                    (path + entry.name + (b"/" if _is_folder(entry) else b""), entry)
                    for entry in entries
                    if not is_ignored(entry.name)
                    and not entry.is_symlink()
                    and entry.path.rstrip(b"/") not in self._excluded
                ]
        except (FileNotFoundError, NotADirectoryError):
            return []  # gone since it was listed
        except OSError:
            self._unread.append(path.rstrip(b"/"))
            return []
        return sorted(found, key=lambda item: item[0], reverse=True)


@contextmanager
def open_file(folder: bytes, path: bytes) -> Iterator[tuple[BufferedReader, os.stat_result]]:
    """Open a regular file of a folder for reading, with its state.

    Raises:
        OSError: it is gone, may not be read, or is not a regular file inside the folder.
    """
    absolute = os.path.join(folder, path)
    handle = os.open(absolute, _OPEN_FLAGS)
    with os.fdopen(handle, "rb") as stream:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or os.path.realpath(absolute) != absolute:
            raise FileNotFoundError(absolute)
        yield stream, status


def shown(path: bytes) -> str:
    """Return an absolute path fit to be shown."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in _text(path))


def shown_path(folder: bytes, path: bytes) -> str:
    """Return the folder's name and the path below it, each part fit to be shown."""
    parts = [os.path.basename(folder), *path.split(b"/")]
    return "/".join(shown_filename(_text(part)) for part in parts)


def _text(path: bytes) -> str:
    return path.decode(errors="replace")


def _is_folder(entry: "os.DirEntry[bytes]") -> bool:
    return entry.is_dir(follow_symlinks=False)
