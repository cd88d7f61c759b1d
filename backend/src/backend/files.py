"""Original files, stored once by what they contain: `files/ab/cdef…` for sha256 `abcdef…`.

A stored file is never changed. The name a user gave to a file is only ever shown. To store
or to delete, hold `db.locks.lock_file` in the transaction that adds or removes the row:
then a file is there exactly as long as a row needs it.
"""

import hashlib
import os
import re
import tempfile
import time
import unicodedata
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from backend.errors import EmptyFile, NotFound, TooLarge

_BLOCK_BYTES = 1024 * 1024
_STALE_AFTER_S = 3600
_MAX_NAME_CHARACTERS = 200
_NAMELESS = "document"
_DRIVE = re.compile(r"[A-Za-z]:")
_SHA256 = re.compile(r"[0-9a-f]{64}")
# Embeddings, overrides and isolates let a name show in another order than it has.
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class ReadableStream(Protocol):
    """Anything with `read(size)` that gives bytes."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """An upload in a temporary file, complete but not stored yet."""

    path: Path
    sha256: str
    size_bytes: int

    def discard(self) -> None:
        """Remove the temporary file if it is still there."""
        self.path.unlink(missing_ok=True)


class FileStore:
    """The folder of original files. Safe to use from several threads and processes."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._incoming = root / "incoming"

    def receive(self, stream: ReadableStream, max_bytes: int) -> ReceivedFile:
        """Read `stream` to its end into a temporary file; `store` or discard the result.

        Raises:
            TooLarge: there are more than `max_bytes`; the rest is not read.
            EmptyFile: there are none.
        """
        self._incoming.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._incoming)
        path = Path(name)
        digest = hashlib.sha256()
        size = 0
        try:
            with os.fdopen(handle, "wb") as target:
                while block := stream.read(_BLOCK_BYTES):
                    size += len(block)
                    if size > max_bytes:
                        limit = f"{max_bytes // (1024 * 1024)} MiB"
                        raise TooLarge(f"The file is larger than the allowed {limit}.")
                    digest.update(block)
                    target.write(block)
                target.flush()
                os.fsync(target.fileno())
            if size == 0:
                raise EmptyFile
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return ReceivedFile(path, digest.hexdigest(), size)

    def store(self, received: ReceivedFile) -> None:
        """Put a received file in its place; durable when it returns."""
        path = self.path(received.sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        received.path.replace(path)
        _sync_folder(path.parent)

    def path(self, sha256: str) -> Path:
        """Return where the file lies or would lie."""
        if not _SHA256.fullmatch(sha256):
            raise ValueError("not a sha256 in lower-case hexadecimal digits")
        return self._root / sha256[:2] / sha256[2:]

    def has(self, sha256: str, size_bytes: int) -> bool:
        """Return whether the file is there, as long as it should be."""
        try:
            return self.path(sha256).stat().st_size == size_bytes
        except FileNotFoundError:
            return False

    def open(self, sha256: str) -> BinaryIO:
        """Open a stored file for reading.

        Raises:
            NotFound: it is not there.
        """
        try:
            return self.path(sha256).open("rb")
        except FileNotFoundError:
            raise NotFound("The original file is missing.") from None

    def delete(self, sha256: str) -> None:
        """Remove a stored file; nothing happens if it is not there."""
        self.path(sha256).unlink(missing_ok=True)

    def list_sha256(self) -> list[str]:
        """Return all files that are stored."""
        found = (f"{path.parent.name}{path.name}" for path in self._root.glob("??/*"))
        return sorted(sha256 for sha256 in found if _SHA256.fullmatch(sha256))

    def remove_stale(self, older_than_s: float = _STALE_AFTER_S) -> int:
        """Remove temporary files that nobody wrote to for a while; return how many."""
        removed = 0
        for path in self._incoming.glob("*"):
            try:
                if time.time() - path.stat().st_mtime > older_than_s:
                    path.unlink()
                    removed += 1
            except FileNotFoundError:
                continue
        return removed


def shown_filename(name: str) -> str:
    """Return `name` fit to be shown: one line, no folders, at most 200 characters.

    Emoji and names in any script are kept as they are.
    """
    name = _one_line(PurePosixPath(name.replace("\\", "/")).name)
    return _shortened(name) if name.strip(". ") else _NAMELESS


def shown_path(path: str) -> str:
    """Return a file's path inside an archive fit to be shown, like `shown_filename`.

    Folders stay, with single slashes between them, as far as there is room for them; what
    leads upwards or to a drive goes.
    """
    parts = [_one_line(part) for part in path.replace("\\", "/").split("/")]
    parts = [part for part in parts if part.strip(". ") and not _DRIVE.fullmatch(part)]
    if not parts:
        return _NAMELESS
    shown = _shortened(parts.pop())
    while parts and len(parts[-1]) + 1 + len(shown) <= _MAX_NAME_CHARACTERS:
        shown = f"{parts.pop()}/{shown}"
    return shown


def _one_line(name: str) -> str:
    kept = (c for c in name if unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp"))
    return "".join(c for c in kept if c not in _BIDI_CONTROLS).strip()


def _shortened(name: str) -> str:
    if len(name) <= _MAX_NAME_CHARACTERS:
        return name
    suffix = PurePosixPath(name).suffix[:20]
    return name[: _MAX_NAME_CHARACTERS - len(suffix)] + suffix


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # folders cannot be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
