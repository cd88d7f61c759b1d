"""Takes in the conversations that ChatGPT or Claude exported, each once however often it comes."""

import hashlib
import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from backend.chat.titles import title_from_question
from backend.clock import utc_now
from backend.config import Config
from backend.db.repositories import preferences
from backend.db.session import Database
from backend.errors import DocumentTooLarge, DocumentUnreadable, ImportRefused
from backend.files import ReadableStream
from backend.ingest.extract.zip_archive import UnreadableFile, ZipArchive
from backend.transfer import chatgpt, claude
from backend.transfer.account_format import MANIFEST
from backend.transfer.foreign import STEP, ForeignConversation, NotReadable
from backend.transfer.history_writer import HistoryWriter
from backend.transfer.identities import derived_id
from backend.transfer.json_stream import BadJson, TooMuch, items
from backend.transfer.report import Report

_PROGRAMS: Final = (chatgpt, claude)
_CONVERSATIONS: Final = re.compile(r"(?:.*/)?(conversations(?:-\d+)?\.json)")
_MAX_TITLE_CHARACTERS: Final = 300
_MIB: Final = 1024 * 1024


def import_conversations(config: Config, database: Database, user_id: str, path: Path) -> Report:
    """Add the conversations of an export, a `conversations.json` or the ZIP archive with it.

    What cannot be read is named in the report, the rest is taken in.

    Raises:
        ImportRefused: there is nothing in the file that could be read.
    """
    return _ForeignImport(config, database, user_id).run(path)


class _ForeignImport:
    def __init__(self, config: Config, database: Database, user_id: str) -> None:
        self._config = config
        with database.db_session() as session:
            chosen = preferences.get(session, user_id).memory_enabled
        self._is_remembered = config.memory_enabled if chosen is None else chosen
        self._report = Report()
        self._writer = HistoryWriter(database, user_id, self._report)
        self._found = Counter[str]()

    def run(self, path: Path) -> Report:
        """Read the file to its end, or to where it is damaged."""
        try:
            with ExitStack() as stack:
                for name, stream in _open(path, self._config.import_max_mb * _MIB, stack):
                    self._read(name, stream)
            self._writer.close()
        except BaseException:
            self._writer.undo()
            raise
        if not self._found["readable"]:
            raise ImportRefused(self._nothing())
        if empty := self._found["empty"]:
            self._report.conversations.skipped += empty
            self._report.add_problem(
                f"{empty:,} conversations hold no text and were left out."
                if empty > 1
                else "1 conversation holds no text and was left out."
            )
        return self._report

    def _read(self, name: str, stream: ReadableStream) -> None:
        try:
            for item in items(stream):
                self._found["items"] += 1
                self._take(item)
        except BadJson as error:
            self._found["damaged"] += 1
            self._report.add_problem(
                f"{name} cannot be read after conversation {self._found['items']:,}: {error}."
            )
        except UnreadableFile as error:
            self._found["damaged"] += 1
            self._report.add_problem(f"{name} cannot be unpacked to its end: {error}.")

    def _take(self, item: Any) -> None:
        place = f"Conversation {self._found['items']:,}"
        if isinstance(item, TooMuch):
            self._report.add_problem(f"{place} is too large.")
            return
        program = next(
            (p for p in _PROGRAMS if isinstance(item, Mapping) and p.is_conversation(item)), None
        )
        if program is None:
            self._report.add_problem(f"{place} is none of ChatGPT or Claude.")
            return
        try:
            conversation = program.read_conversation(item, _digest(item))
        except NotReadable as error:
            self._report.add_problem(f"{place} cannot be read: {error}.")
            return
        self._found["readable"] += 1
        if conversation.messages:
            self._write(conversation)
        else:
            self._found["empty"] += 1

    def _write(self, conversation: ForeignConversation) -> None:
        messages = conversation.messages
        times = [message.created_at for message in messages if message.created_at is not None]
        begun = min([*times, *filter(None, [conversation.created_at])], default=None)
        ended = max([*times, *filter(None, [conversation.updated_at])], default=begun)
        source = (conversation.source, conversation.id)
        now = utc_now()
        title = " ".join(conversation.title.split())[:_MAX_TITLE_CHARACTERS]
        self._writer.begin(
            {
                "id": derived_id(*source, time=begun),
                "title": title or title_from_question(messages[0].content),
                "title_source": "user" if title else "question",
                "memory_enabled": self._is_remembered,
                "document_ids": [],
                "collection_ids": [],
                "created_at": begun or now,
                "updated_at": ended or now,
            }
        )
        ids: dict[str | None, str | None] = {None: None}
        moments: dict[str | None, datetime] = {None: begun or now}
        for message in messages:
            ids[message.id] = derived_id(*source, message.id, time=message.created_at or begun)
            # Without times too an answer comes after its question.
            created_at = message.created_at or moments[message.parent_id] + STEP
            moments[message.id] = created_at
            self._writer.add(
                {
                    "id": ids[message.id],
                    "parent_id": ids[message.parent_id],
                    "role": message.role,
                    "content": message.content,
                    "status": "complete",
                    "model": message.model,
                    "error": None,
                    "citations": [],
                    "memories": [],
                    "no_answer": False,
                    "created_at": created_at,
                    "updated_at": created_at,
                }
            )

    def _nothing(self) -> str:
        sentence = "No conversation of ChatGPT or Claude was found in this file."
        return " ".join([sentence, *self._report.problems[:1]])


def _open(path: Path, max_bytes: int, stack: ExitStack) -> Iterator[tuple[str, ReadableStream]]:
    """Give the files with conversations by name, each to be read before the next."""
    if not zipfile.is_zipfile(path):
        with path.open("rb") as plain:
            if plain.read(4) == b"PK\x03\x04":
                raise ImportRefused("The archive is damaged: its end is missing.")
            plain.seek(0)
            yield "The file", plain
        return
    try:
        archive = stack.enter_context(closing(ZipArchive(path, max_bytes)))
    except (DocumentUnreadable, DocumentTooLarge) as error:
        raise ImportRefused(f"The archive cannot be opened. {error.message}") from None
    found = sorted(
        (file for file in archive.files if _CONVERSATIONS.fullmatch(file.name)),
        key=lambda file: file.name,
    )
    if not found:
        is_ours = any(file.name == MANIFEST for file in archive.files)
        raise ImportRefused(
            "This is an archive of an account of Doc Chat. Import it as such."
            if is_ours
            else "The archive holds no conversations.json."
        )
    for file in found:
        if file.problem is not None:
            raise ImportRefused(f"{file.name} in the archive cannot be read: {file.problem}.")
        with closing(archive.open(file, lambda: None)) as stream:
            yield file.name, stream


def _digest(item: Any) -> str:
    """Return an id for a conversation that has none: it depends on its content."""
    return hashlib.sha256(json.dumps(item, sort_keys=True).encode()).hexdigest()
