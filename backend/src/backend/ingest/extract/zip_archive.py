"""The files in a ZIP archive, unpacked one by one and block by block.

Sizes that an archive declares are checked before anything is unpacked, and no file gives
more bytes than it declares: `zipfile` stops there and finds the checksum wrong.
"""

import errno
import lzma
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO

from backend.errors import DocumentTooLarge, DocumentUnreadable
from backend.files import shown_path
from backend.ingest.extract.zip_directory import MAX_ENTRIES, check_ratio, read_directory

ENCRYPTED = "it needs a password"
_UTF8_FLAG = 0x800
_ENCRYPTED_FLAG = 0x1
# Info-ZIP's Unicode path: version 1, the checksum of the other name, the name in UTF-8.
_UNICODE_PATH = 0x7075
_LOCAL_HEADER_BYTES = 30
# bz2 and lzma give at once all that a piece unpacks to, up to 20,000 times as much.
_SMALL_STEP_BYTES = 4096
# What systems put into archives by themselves.
_OF_SYSTEM = re.compile(
    r"__MACOSX/.*|(.*/)?(\._[^/]*|\.DS_Store|Thumbs\.db|desktop\.ini)", re.IGNORECASE | re.DOTALL
)


class UnreadableFile(Exception):
    """A file in an archive cannot be unpacked; the message says why: "it is damaged"."""


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """A file in an archive. `name` is fit to be shown, `size_bytes` as declared.

    `problem` says what is known beforehand to prevent its being read.
    """

    name: str
    size_bytes: int
    problem: str | None
    info: zipfile.ZipInfo


class ZipArchive:
    """An opened archive. `files` leaves out folders and what systems add by themselves."""

    def __init__(self, path: Path, max_file_bytes: int, max_entries: int = MAX_ENTRIES) -> None:
        """Open the archive and read its table of contents; larger files are a problem.

        Raises:
            DocumentUnreadable: it is damaged.
            DocumentTooLarge: it has too many parts, or it is a ZIP bomb.
        """
        read_directory(path, max_entries)  # refuses a table that is too long to be held
        try:
            with _damage_noticed():
                self._zip = zipfile.ZipFile(path)
        except UnreadableFile as error:
            raise DocumentUnreadable from error
        try:
            infos = self._zip.infolist()
            _check_places(infos, self._zip.start_dir)
            check_ratio(
                sum(info.compress_size for info in infos), sum(info.file_size for info in infos)
            )
            self.files = list(_files(infos, max_file_bytes))
        except BaseException:
            self.close()
            raise

    def open(self, file: ArchivedFile, on_block: Callable[[], None]) -> "FileInArchive":
        """Begin to unpack a file; `on_block` is called before each block and may raise.

        Raises:
            UnreadableFile
        """
        with _damage_noticed():
            return FileInArchive(self._zip.open(file.info), file.info.compress_type, on_block)

    def close(self) -> None:
        """Release the archive."""
        self._zip.close()


class FileInArchive:
    """The bytes of a file in an archive: a `ReadableStream`."""

    def __init__(self, stream: IO[bytes], method: int, on_block: Callable[[], None]) -> None:
        is_stepless = method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        self._step_bytes = None if is_stepless else _SMALL_STEP_BYTES
        self._stream = stream
        self._on_block = on_block

    def read(self, size: int, /) -> bytes:
        """Return the next `size` bytes, less only at the end.

        Raises:
            UnreadableFile: it is damaged, or unpacking it takes more memory than is allowed.
        """
        self._on_block()
        pieces = []
        with _damage_noticed():
            while size > 0 and (piece := self._stream.read(min(size, self._step_bytes or size))):
                pieces.append(piece)
                size -= len(piece)
        return b"".join(pieces)

    def close(self) -> None:
        """Release the file."""
        self._stream.close()


@contextmanager
def _damage_noticed() -> Iterator[None]:
    """Turn what `zipfile` raises over what is wrong with a file into `UnreadableFile`."""
    try:
        yield
    except NotImplementedError:
        raise UnreadableFile("it is packed in a way that cannot be unpacked") from None
    except MemoryError:
        raise UnreadableFile("unpacking it takes more memory than is allowed") from None
    except OSError as error:
        # bz2 reports damage without a number, a place before the file's start is invalid;
        # every other number is the disk's fault.
        if error.errno not in (None, errno.EINVAL):
            raise
        raise UnreadableFile("it is damaged") from error
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        struct.error,
        EOFError,
        ValueError,
        RuntimeError,
    ) as error:
        raise UnreadableFile("it is damaged") from error


def _check_places(infos: Sequence[zipfile.ZipInfo], directory_start: int) -> None:
    """Refuse files that share bytes: a small archive could hold any number of large ones.

    Raises:
        DocumentTooLarge
    """
    places = sorted(
        (info.header_offset, info.header_offset + _LOCAL_HEADER_BYTES + info.compress_size)
        for info in infos
    )
    ends = pairwise([*places, (directory_start, directory_start)])
    if any(end > next_start for (_, end), (next_start, _) in ends):
        raise DocumentTooLarge("The files in this archive overlap. It may be a ZIP bomb.")


def _files(infos: Sequence[zipfile.ZipInfo], max_bytes: int) -> Iterator[ArchivedFile]:
    for info in infos:
        path = _path_of(info)
        if not path.endswith("/") and not _OF_SYSTEM.fullmatch(path):
            yield ArchivedFile(shown_path(path), info.file_size, _problem(info, max_bytes), info)


def _problem(info: zipfile.ZipInfo, max_bytes: int) -> str | None:
    if info.flag_bits & _ENCRYPTED_FLAG:
        return ENCRYPTED
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return "it is a link"
    if kind not in (0, stat.S_IFREG):
        return "it is no file"
    if info.file_size > max_bytes:
        return f"it is larger than the allowed {max_bytes // (1024 * 1024)} MiB"
    return None


def _path_of(info: zipfile.ZipInfo) -> str:
    """Return the path, in the encoding it was most likely written in, with slashes."""
    raw = info.orig_filename.encode("utf-8" if info.flag_bits & _UTF8_FLAG else "cp437")
    path = _unicode_path(info.extra, zlib.crc32(raw))
    if path is None:
        try:
            # macOS writes UTF-8 without saying so; other encodings hardly ever look like it.
            path = raw.decode()
        except UnicodeDecodeError:
            path = info.orig_filename
    return path.replace("\\", "/")


def _unicode_path(extra: bytes, checksum: int) -> str | None:
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        field = extra[at + 4 : at + 4 + length]
        if kind == _UNICODE_PATH and field[:5] == struct.pack("<BL", 1, checksum):
            return field[5:].decode(errors="replace")
        at += 4 + length
    return None
