"""An archive of an account, opened for import: believed only after all of it was checked."""

import hashlib
import json
import math
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError

from backend.errors import DocumentTooLarge, DocumentUnreadable, ImportRefused
from backend.ingest.extract.zip_archive import (
    ArchivedFile,
    FileInArchive,
    UnreadableFile,
    ZipArchive,
)
from backend.transfer import account_format as layout
from backend.transfer.account_format import (
    CollectionLine,
    ConversationLine,
    DocumentLine,
    HistoryLine,
    ManifestLine,
    MessageLine,
    SettingLine,
)

MAX_FILES: Final = 200_000
_MAX_LINE_BYTES: Final = 64 * 1024 * 1024
_MAX_MANIFEST_BYTES: Final = 1024 * 1024
_BLOCK_BYTES: Final = 1024 * 1024
_MIB: Final = 1024 * 1024
# What no database stores, written as JSON does: an escape that is not itself escaped.
_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")

_Line = TypeVar("_Line", bound=BaseModel)


class AccountArchive:
    """The parts of an opened archive. `check` before anything else."""

    manifest: ManifestLine

    def __init__(self, path: Path, max_bytes: int) -> None:
        """Read the table of contents and the manifest.

        Raises:
            ImportRefused: it is damaged, holds what does not belong there, is of another
                version or unpacks to more than `max_bytes`.
        """
        try:
            self._zip = ZipArchive(path, max_bytes, MAX_FILES)
        except (DocumentUnreadable, DocumentTooLarge) as error:
            raise ImportRefused(f"The archive cannot be opened. {error.message}") from None
        try:
            self._files = self._by_name(max_bytes)
            self.manifest = self._read_manifest()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Release the archive."""
        self._zip.close()

    def check(self) -> None:
        """Read everything once and compare it with its hashes.

        Raises:
            ImportRefused: something is missing, damaged or was changed.
        """
        for name in layout.PARTS:
            if name not in self._files or name not in self.manifest.parts:
                raise ImportRefused(f"{name} is missing in the archive.")
            part, digest, size = self.manifest.parts[name], hashlib.sha256(), 0
            for block in self._blocks(name):
                digest.update(block)
                size += len(block)
            if (digest.hexdigest(), size) != (part.sha256, part.size_bytes):
                raise ImportRefused(
                    f"{name} is not what the manifest says. The archive is damaged."
                )
        for name, file in self._files.items():
            if match := layout.FILE_NAME.fullmatch(name):
                self._check_file(name, file, match[1])

    def history(self) -> Iterator[ConversationLine | MessageLine]:
        """Give each conversation, followed by its messages."""
        is_begun = False
        for line in self._lines(layout.CONVERSATIONS, HistoryLine):
            if (line.conversation is None) == (line.message is None):
                raise ImportRefused(f"{layout.CONVERSATIONS} has a line of no known kind.")
            if line.conversation is not None:
                is_begun = True
                yield line.conversation
            elif line.message is not None:
                if not is_begun:
                    raise ImportRefused(
                        f"{layout.CONVERSATIONS} does not begin with a conversation."
                    )
                yield line.message

    def documents(self) -> Iterator[DocumentLine]:
        return self._lines(layout.DOCUMENTS, DocumentLine)

    def collections(self) -> Iterator[CollectionLine]:
        return self._lines(layout.COLLECTIONS, CollectionLine)

    def settings(self) -> Iterator[SettingLine]:
        return self._lines(layout.SETTINGS, SettingLine)

    def has_file(self, document: DocumentLine) -> bool:
        """Return whether the archive holds the document's original."""
        file = self._files.get(layout.FILES + document.sha256)
        return file is not None and file.size_bytes == document.size_bytes

    @contextmanager
    def open_file(self, document: DocumentLine) -> Iterator[FileInArchive]:
        """Give the document's original as a stream."""
        name = layout.FILES + document.sha256
        with self._noticing(document.filename), closing(self._open(name)) as stream:
            yield stream

    def _by_name(self, max_bytes: int) -> dict[str, ArchivedFile]:
        files: dict[str, ArchivedFile] = {}
        total = 0
        for file in self._zip.files:
            name = file.info.orig_filename
            known = name in (layout.MANIFEST, *layout.PARTS) or layout.FILE_NAME.fullmatch(name)
            if not known or name in files:
                raise ImportRefused(
                    f"The archive holds a file that does not belong there: {file.name}."
                )
            if file.problem is not None:
                raise ImportRefused(f"{file.name} in the archive cannot be read: {file.problem}.")
            files[name] = file
            total += file.size_bytes
        if layout.MANIFEST not in files:
            raise ImportRefused("This is no archive of an account: it has no manifest.json.")
        if total > max_bytes:
            raise ImportRefused(
                f"The archive unpacks to more than {max_bytes // _MIB:,} MiB. "
                "Raise IMPORT_MAX_MB to import it."
            )
        return files

    def _read_manifest(self) -> ManifestLine:
        if self._files[layout.MANIFEST].size_bytes > _MAX_MANIFEST_BYTES:
            raise ImportRefused("The archive's manifest is too large.")
        text = b"".join(self._blocks(layout.MANIFEST))
        try:
            head = _Head.model_validate_json(text)
        except ValidationError:
            raise ImportRefused(
                "This is no archive of an account: its manifest is foreign."
            ) from None
        if head.format != layout.FORMAT:
            raise ImportRefused("This is no archive of an account: its manifest is foreign.")
        if head.version != layout.VERSION:
            raise ImportRefused(
                f"The archive has version {head.version}; this installation reads version "
                f"{layout.VERSION}. Update the older one of the two."
            )
        return _parsed(ManifestLine, text, layout.MANIFEST)

    def _check_file(self, name: str, file: ArchivedFile, sha256: str) -> None:
        digest = hashlib.sha256()
        for block in self._blocks(name):
            digest.update(block)
        if digest.hexdigest() != sha256:
            raise ImportRefused(f"{file.name} is not what its name says. The archive is damaged.")

    def _lines(self, name: str, kind: type[_Line]) -> Iterator[_Line]:
        count = 0
        for line in self._raw_lines(name):
            count += 1
            yield _parsed(kind, line, f"{name}, line {count:,}")
        if count != self.manifest.parts[name].records:
            raise ImportRefused(f"{name} has not as many lines as the manifest says.")

    def _raw_lines(self, name: str) -> Iterator[bytes]:
        rest: list[bytes] = []
        size = 0
        for block in self._blocks(name):
            first, *others = block.split(b"\n")
            rest.append(first)
            size += len(first)
            for piece in others:
                yield b"".join(rest)
                rest, size = [piece], len(piece)
            if size > _MAX_LINE_BYTES:
                raise ImportRefused(f"{name} has a line that is too long.")
        if any(rest):
            yield b"".join(rest)

    def _blocks(self, name: str) -> Iterator[bytes]:
        with self._noticing(name), closing(self._open(name)) as stream:
            while block := stream.read(_BLOCK_BYTES):
                yield block

    def _open(self, name: str) -> FileInArchive:
        return self._zip.open(self._files[name], _nothing)

    @contextmanager
    def _noticing(self, name: str) -> Iterator[None]:
        try:
            yield
        except UnreadableFile as error:
            raise ImportRefused(f"{name} in the archive cannot be read: {error}.") from None


class _Head(BaseModel):
    format: str
    version: int


def _parsed(kind: type[_Line], line: bytes, place: str) -> _Line:
    if b"\0" in line or _NUL.search(line):
        raise ImportRefused(f"{place}: it holds NUL characters.")
    try:
        found = kind.model_validate_json(line)
        json.loads(line, parse_float=_finite, parse_constant=_finite)
        return found
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in problem["loc"])
        raise ImportRefused(f"{place}: {where}: {problem['msg']}.") from None
    except ValueError:
        raise ImportRefused(f"{place}: it holds a number that no database stores.") from None


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(text)
    return number


def _nothing() -> None:
    """Unpacking goes on."""
