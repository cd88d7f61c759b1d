"""A whole account as one archive, written while it is sent: nothing of it is held."""

import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from backend import __version__
from backend.clock import to_wire, utc_now
from backend.db.repositories import (
    collections,
    documents,
    preferences,
    prompt_templates,
    transfers,
    users,
)
from backend.db.repositories.documents import DocumentRecord
from backend.db.repositories.messages import MessageRecord
from backend.db.session import Database
from backend.errors import NotFound
from backend.files import FileStore
from backend.transfer import account_format as layout
from backend.transfer.plain import plain
from backend.transfer.transcript import Transcript

_BLOCK_BYTES: Final = 256 * 1024
_BATCH: Final = 200
_MAX_COLLECTIONS: Final = 1_000_000


class AccountExport:
    """One user's archive; see `account_format`. Iterate over it once."""

    def __init__(self, database: Database, file_store: FileStore, user_id: str) -> None:
        """Raises NotFound if there is no such user."""
        self._database = database
        self._files = file_store
        self._user_id = user_id
        with database.db_session() as session:
            user = users.get(session, user_id)
        if user is None:
            raise NotFound
        self.username = user.username
        self._sink = _Sink()
        self._created_at = utc_now()
        self._parts: dict[str, dict[str, Any]] = {}
        self._saved: set[str] = set()

    def __iter__(self) -> Iterator[bytes]:
        """Give the pieces of the archive."""
        with zipfile.ZipFile(self._sink, "w") as archive:  # type: ignore[call-overload]
            # Conversations first: what they cite is there then, unless it is deleted meanwhile.
            yield from self._write_part(archive, layout.CONVERSATIONS, self._history())
            yield from self._write_part(archive, layout.COLLECTIONS, self._collections())
            yield from self._write_part(archive, layout.SETTINGS, self._settings())
            yield from self._write_files(archive)
            yield from self._write_part(archive, layout.DOCUMENTS, self._documents())
            manifest = {
                "format": layout.FORMAT,
                "version": layout.VERSION,
                "application": __version__,
                "created_at": to_wire(self._created_at),
                "username": self.username,
                "parts": self._parts,
            }
            archive.writestr(self._info(layout.MANIFEST), json.dumps(manifest, indent=1))
        yield self._sink.take()

    def _write_part(
        self, archive: zipfile.ZipFile, name: str, records: Iterable[dict[str, Any]]
    ) -> Iterator[bytes]:
        digest, size, count = hashlib.sha256(), 0, 0
        with archive.open(self._info(name), "w", force_zip64=True) as target:
            for record in records:
                line = json.dumps(record, ensure_ascii=False).encode() + b"\n"
                digest.update(line)
                target.write(line)
                size, count = size + len(line), count + 1
                if self._sink.size >= _BLOCK_BYTES:
                    yield self._sink.take()
        self._parts[name] = {"sha256": digest.hexdigest(), "size_bytes": size, "records": count}
        yield self._sink.take()

    def _write_files(self, archive: zipfile.ZipFile) -> Iterator[bytes]:
        for document in self._all_documents():
            if document.sha256 in self._saved or not self._has(document):
                continue
            try:
                source = self._files.open(document.sha256)
            except NotFound:  # deleted meanwhile
                continue
            # Most formats are compressed already.
            info = self._info(layout.FILES + document.sha256, zipfile.ZIP_STORED)
            with source, archive.open(info, "w", force_zip64=True) as target:
                self._saved.add(document.sha256)
                while block := source.read(_BLOCK_BYTES):
                    target.write(block)
                    yield self._sink.take()
            yield self._sink.take()

    def _has(self, document: DocumentRecord) -> bool:
        return self._files.has(document.sha256, document.size_bytes)

    def _history(self) -> Iterator[dict[str, Any]]:
        with self._database.db_session() as session:
            conversation_ids = transfers.conversation_ids(session, self._user_id)
        for conversation_id in conversation_ids:
            try:
                transcript = Transcript(self._database, self._user_id, conversation_id)
            except NotFound:  # deleted meanwhile
                continue
            yield {"conversation": _line(layout.ConversationLine, plain(transcript.conversation))}
            for message in transcript.read(transcript.all_ids):
                yield {"message": _message(message.record)}

    def _settings(self) -> Iterator[dict[str, Any]]:
        with self._database.db_session() as session:
            chosen = preferences.get(session, self._user_id)
            templates, _ = prompt_templates.list_page(
                session, self._user_id, prompt_templates.MAX_TEMPLATES
            )
        yield {"preferences": _line(layout.PreferencesLine, plain(chosen))}
        for template in templates:
            yield {"template": _line(layout.TemplateLine, plain(template))}

    def _collections(self) -> Iterator[dict[str, Any]]:
        with self._database.db_session() as session:
            records, _ = collections.list_page(session, self._user_id, _MAX_COLLECTIONS)
        for record in records:
            yield _line(layout.CollectionLine, plain(record))

    def _documents(self) -> Iterator[dict[str, Any]]:
        for document in self._all_documents():
            has_file = document.sha256 in self._saved
            if has_file or not self._has(document):  # else it was added meanwhile
                fields = {**plain(document), "has_file": has_file}
                yield _line(layout.DocumentLine, fields)

    def _all_documents(self) -> Iterator[DocumentRecord]:
        after_id = ""
        while True:
            with self._database.db_session() as session:
                batch = documents.list_oldest_first(session, self._user_id, _BATCH, after_id)
            if not batch:
                return
            yield from batch
            after_id = batch[-1].id

    def _info(self, name: str, method: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
        moment: datetime = self._created_at
        info = zipfile.ZipInfo(name, moment.timetuple()[:6])
        info.compress_type = method
        info.external_attr = 0o600 << 16
        return info


def _message(record: MessageRecord) -> dict[str, Any]:
    fields = {**plain(record, "metering"), **plain(record.metering)}
    return _line(layout.MessageLine, fields)


def _line(kind: type[layout.Line], fields: dict[str, Any]) -> dict[str, Any]:
    """Return those of the fields that a line of this kind has."""
    return {name: fields[name] for name in kind.model_fields}


class _Sink:
    """Takes what `zipfile` writes until somebody takes it on. It has no position to return to."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []
        self.size = 0

    def write(self, data: bytes) -> int:
        self._blocks.append(bytes(data))
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""

    def take(self) -> bytes:
        """Return what was written since the last time."""
        taken = b"".join(self._blocks)
        self._blocks, self.size = [], 0
        return taken
