"""The table of contents of a ZIP archive, read with limits and without unpacking anything."""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from backend.errors import DocumentTooLarge, DocumentUnreadable

MAX_UNPACKED_BYTES = 512 * 1024 * 1024
MAX_RATIO = 200
# Text that repeats itself packs well; what is small unpacked does no harm.
_HARMLESS_BYTES = 16 * 1024 * 1024
MAX_ENTRIES = 20_000
_MAX_BYTES_PER_ENTRY = 420  # of the table of contents, on average

_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64 = struct.Struct("<4sLQL")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_MAX_COMMENT_BYTES = 0xFFFF


@dataclass(frozen=True, slots=True)
class ZipEntry:
    """A file in an archive, by the sizes that the archive declares."""

    name: str
    packed_bytes: int
    unpacked_bytes: int
    is_encrypted: bool


def read_directory(path: Path, max_entries: int = MAX_ENTRIES) -> list[ZipEntry]:
    """Return the entries of an archive.

    Raises:
        DocumentUnreadable: it has no table of contents, or a damaged one.
        DocumentTooLarge: the table itself is too large.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _END.size - _MAX_COMMENT_BYTES))
        tail = file.read()
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or len(tail) - at < _END.size:
            raise DocumentUnreadable
        *_, count, length, start, _ = _END.unpack_from(tail, at)
        end = size - len(tail) + at
        if (end64 := _read_end64(file, end)) is not None:
            count, length, start = end64
            end -= _LOCATOR64.size + _END64.size
        if count > max_entries or length > max_entries * _MAX_BYTES_PER_ENTRY:
            raise DocumentTooLarge("This file consists of too many parts to be read.")
        # Bytes in front of the archive shift everything: the directory ends where the end begins.
        file.seek(start if start + length == end else max(0, end - length))
        directory = file.read(length)
    return _entries(directory)


def _read_end64(file: BinaryIO, end: int) -> tuple[int, int, int] | None:
    """Return count, length and start of the directory as ZIP64 writes them, if it does.

    Where `zipfile` looks for them: right in front of the end at `end`.
    """
    at = end - _LOCATOR64.size - _END64.size
    if at < 0:
        return None
    file.seek(at)
    record = file.read(_END64.size + _LOCATOR64.size)
    if not record.startswith(b"PK\x06\x06") or record[_END64.size :][:4] != b"PK\x06\x07":
        return None
    *_, count, length, start = _END64.unpack_from(record)
    return count, length, start


def check_sizes(entries: list[ZipEntry]) -> None:
    """Refuse an archive that unpacks to far more than it is.

    Raises:
        DocumentTooLarge: in all, or an entry by its ratio.
    """
    total = sum(entry.unpacked_bytes for entry in entries)
    if total > MAX_UNPACKED_BYTES:
        mebibytes = MAX_UNPACKED_BYTES // (1024 * 1024)
        raise DocumentTooLarge(
            f"This file unpacks to more than {mebibytes} MiB, which is more than is read."
        )
    check_ratio(sum(entry.packed_bytes for entry in entries), total)


def check_ratio(packed_bytes: int, unpacked_bytes: int) -> None:
    """Refuse what unpacks to a multiple that nothing useful has.

    Raises:
        DocumentTooLarge
    """
    if unpacked_bytes > _HARMLESS_BYTES and unpacked_bytes > MAX_RATIO * max(packed_bytes, 1):
        raise DocumentTooLarge(
            f"This file unpacks to more than {MAX_RATIO} times its size. It may be a ZIP bomb."
        )


def _entries(directory: bytes) -> list[ZipEntry]:
    entries = []
    at = 0
    while at + _ENTRY.size <= len(directory):
        fields = _ENTRY.unpack_from(directory, at)
        if fields[0] != b"PK\x01\x02":
            raise DocumentUnreadable
        flags, packed, unpacked = fields[3], fields[8], fields[9]
        name_bytes, extra_bytes, comment_bytes = fields[10:13]
        name = directory[at + _ENTRY.size : at + _ENTRY.size + name_bytes]
        encoding = "utf-8" if flags & 0x800 else "cp437"
        # Some writers put backslashes between folders.
        shown = name.decode(encoding, errors="replace").replace("\\", "/")
        entries.append(ZipEntry(shown, packed, unpacked, bool(flags & 1)))
        at += _ENTRY.size + name_bytes + extra_bytes + comment_bytes
    return entries
