"""ZIP archives as people, systems and attackers make them."""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")


def make_archive(
    files: Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED, **options: bytes
) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        archive.comment = options.get("comment", b"")
    return buffer.getvalue()


def add_link(name: str, target: str) -> bytes:
    """Return an archive with a symbolic link in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo(name)
        info.create_system = 3
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, target)
        archive.writestr("note.txt", "The lighthouse of Genoa is 77 metres high.")
    return buffer.getvalue()


class RawEntry:
    """A file as its headers describe it, which need not be true."""

    def __init__(
        self,
        name: bytes,
        content: bytes,
        *,
        declared_bytes: int | None = None,
        flags: int = 0,
        method: int = zipfile.ZIP_DEFLATED,
        extra: bytes = b"",
        offset: int | None = None,
    ) -> None:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        deflated = packer.compress(content) + packer.flush()
        self.packed = deflated if method == zipfile.ZIP_DEFLATED else content
        self.name, self.flags, self.method = name, flags, method
        self.extra, self.offset = extra, offset
        self.checksum = zlib.crc32(content)
        self.declared_bytes = len(content) if declared_bytes is None else declared_bytes


def make_raw(entries: Sequence[RawEntry]) -> bytes:
    """Return an archive of these entries; one with an `offset` has no bytes of its own."""
    body, directory = b"", b""
    for entry in entries:
        sizes = (entry.checksum, len(entry.packed), entry.declared_bytes)
        lengths = (len(entry.name), len(entry.extra))
        offset = len(body) if entry.offset is None else entry.offset
        if entry.offset is None:
            head = _LOCAL.pack(b"PK\x03\x04", 20, entry.flags, entry.method, 0, 0, *sizes, *lengths)
            body += head + entry.name + entry.extra + entry.packed
        directory += _CENTRAL.pack(
            *(b"PK\x01\x02", 20, 20, entry.flags, entry.method, 0, 0),
            *(*sizes, *lengths, 0, 0, 0, 0, offset),
        )
        directory += entry.name + entry.extra
    count = len(entries)
    end = _END.pack(b"PK\x05\x06", 0, 0, count, count, len(directory), len(body), 0)
    return body + directory + end


def unicode_path(other_name: bytes, name: str) -> bytes:
    """Return the extra field by which Info-ZIP gives a name in Unicode."""
    field = struct.pack("<BL", 1, zlib.crc32(other_name)) + name.encode()
    return struct.pack("<HH", 0x7075, len(field)) + field


def with_zip64_end(archive: bytes, count: int | None = None) -> bytes:
    """Return the archive with an end in ZIP64's form, as archives of many files have it."""
    at = archive.rfind(b"PK\x05\x06")
    *_, found, length, start, _ = _END.unpack_from(archive, at)
    count = found if count is None else count
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, length, start)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, at, 1)
    end = _END.pack(b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return archive[:at] + record + locator + end
