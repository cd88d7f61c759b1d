"""The names of the streams at the root of an OLE file (older Office documents, messages)."""

import struct
from pathlib import Path
from typing import BinaryIO

_HEADER_BYTES = 512
_ENTRY_BYTES = 128
_MAX_ENTRIES = 4096
_MAX_SECTORS = 1 << 24
_NO_ENTRY = 0xFFFFFFFF
_HEADER_DIFAT_SECTORS = 109


def root_names(path: Path) -> set[str]:
    """Return the names; empty when the file is too damaged to tell."""
    try:
        with path.open("rb") as file:
            entries = _read_entries(file)
    except (struct.error, ValueError):
        return set()
    names: set[str] = set()
    if not entries:
        return names
    # The root's children form a tree; every entry is visited at most once.
    waiting, seen = [_child(entries[0])], set()
    while waiting:
        index = waiting.pop()
        if index >= len(entries) or index in seen:
            continue
        seen.add(index)
        entry = entries[index]
        length = max(0, struct.unpack_from("<H", entry, 64)[0] - 2)
        names.add(entry[: min(length, 62)].decode("utf-16-le", errors="replace"))
        waiting += struct.unpack_from("<2L", entry, 68)
    return names


def _child(entry: bytes) -> int:
    child: int = struct.unpack_from("<L", entry, 76)[0]
    return child


def _read_entries(file: BinaryIO) -> list[bytes]:
    header = file.read(_HEADER_BYTES)
    (shift,) = struct.unpack_from("<H", header, 30)
    if shift not in (9, 12):
        raise ValueError
    sector_bytes = 1 << shift
    (sector,) = struct.unpack_from("<L", header, 48)
    entries: list[bytes] = []
    while sector < _MAX_SECTORS and len(entries) < _MAX_ENTRIES:
        data = _sector(file, sector, sector_bytes)
        entries += [
            data[at : at + _ENTRY_BYTES]
            for at in range(0, len(data) - _ENTRY_BYTES + 1, _ENTRY_BYTES)
        ]
        if not data:
            break
        sector = _next_sector(file, header, sector, sector_bytes)
    return entries


def _next_sector(file: BinaryIO, header: bytes, sector: int, sector_bytes: int) -> int:
    """Follow the chain by the allocation table, as far as the header itself names its parts.

    These tell of 7 MiB at least; a directory that goes on beyond is cut off.
    """
    part, place = divmod(sector, sector_bytes // 4)
    if part >= _HEADER_DIFAT_SECTORS:
        return _NO_ENTRY
    (table_sector,) = struct.unpack_from("<L", header, 76 + 4 * part)
    if table_sector >= _MAX_SECTORS:
        return _NO_ENTRY
    table = _sector(file, table_sector, sector_bytes)
    following: int = struct.unpack_from("<L", table, 4 * place)[0]
    return following


def _sector(file: BinaryIO, sector: int, sector_bytes: int) -> bytes:
    file.seek((sector + 1) * sector_bytes)
    return file.read(sector_bytes)
