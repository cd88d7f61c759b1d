"""Takes an archive of an account in: first all of it is checked, then it becomes rows.

Nothing that is there already is changed or doubled. If anything fails, what was added goes.
"""

import logging
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy.exc import DataError, IntegrityError

from backend.config import Config
from backend.db.repositories import collections, transfers
from backend.db.repositories.prompt_templates import MAX_TEMPLATES
from backend.db.session import Database
from backend.errors import ImportRefused, NotFound
from backend.files import FileStore
from backend.transfer.account_archive import AccountArchive
from backend.transfer.account_format import (
    CollectionLine,
    ConversationLine,
    DocumentLine,
    MessageLine,
    SettingLine,
)
from backend.transfer.document_import import DocumentImport
from backend.transfer.history_writer import HistoryWriter, circle, moved
from backend.transfer.identities import moved_id
from backend.transfer.report import Report
from backend.transfer.settings_import import SettingsImport

logger = logging.getLogger(__name__)

_MIB: Final = 1024 * 1024

Tell = Callable[[str], None]


def import_account(
    config: Config,
    database: Database,
    file_store: FileStore,
    user_id: str,
    path: Path,
    tell: Tell = lambda _sentence: None,
) -> Report:
    """Add what the archive at `path` holds to this user's account.

    Raises:
        ImportRefused: something is wrong with the archive; nothing was changed.
    """
    with closing(AccountArchive(path, config.import_max_mb * _MIB)) as archive:
        tell("Checking the archive …")
        archive.check()
        plan = _Plan.of(archive)
        work = _Import(config, database, file_store, user_id, archive, plan, tell)
        try:
            return work.run()
        except BaseException as error:
            logger.warning("import failed; taking it back", exc_info=True)
            work.undo()
            if isinstance(error, IntegrityError | DataError):
                raise ImportRefused(
                    "The database does not take a record of the archive. Import it once more; "
                    "if that fails too, the archive is damaged."
                ) from error
            raise


@dataclass(frozen=True, slots=True)
class _Plan:
    """The archive's smaller parts, and the ids of its conversations."""

    collections: dict[str, CollectionLine] = field(default_factory=dict)
    documents: dict[str, DocumentLine] = field(default_factory=dict)
    settings: list[SettingLine] = field(default_factory=list)
    conversation_ids: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, archive: AccountArchive) -> "_Plan":
        """Read and check them.

        Raises:
            ImportRefused: ids are there twice or lead nowhere.
        """
        plan = cls()
        for collection in archive.collections():
            _add(plan.collections, collection.id, collection)
        seen: dict[str, DocumentLine] = {}
        for document in archive.documents():
            _add(plan.documents, document.id, document)
            _add(seen, document.sha256, document)
            if document.has_file and not archive.has_file(document):
                raise ImportRefused(f"The original of “{document.filename}” is not in the archive.")
            if not plan.collections.keys() >= set(document.collection_ids):
                raise ImportRefused(f"“{document.filename}” is in a collection that is not there.")
        for number, setting in enumerate(archive.settings()):
            if number > MAX_TEMPLATES:
                raise ImportRefused("The archive holds too many prompt templates.")
            plan.settings.append(setting)
        plan._check_history(archive)
        return plan

    def _check_history(self, archive: AccountArchive) -> None:
        known: set[str] = set()
        parents: dict[str, str | None] = {}
        for line in archive.history():
            if isinstance(line, ConversationLine):
                _check_tree(parents)
                if line.id in known:
                    raise ImportRefused(f"The conversation {line.id} is there twice.")
                known.add(line.id)
                self.conversation_ids.append(line.id)
                parents = {}
            elif line.id in parents:
                raise ImportRefused(f"The message {line.id} is there twice.")
            else:
                parents[line.id] = line.parent_id
        _check_tree(parents)


def _add(known: dict[str, Any], key: str, line: Any) -> None:
    if key in known:
        raise ImportRefused(f"{key} is there twice.")
    known[key] = line


def _check_tree(parents: Mapping[str, str | None]) -> None:
    for message_id, parent_id in parents.items():
        if parent_id is not None and parent_id not in parents:
            raise ImportRefused(f"The message {message_id} follows one that is not there.")
    if (found := circle(parents)) is not None:
        raise ImportRefused(f"The message {found} follows itself.")


class _Import:
    def __init__(
        self,
        config: Config,
        database: Database,
        file_store: FileStore,
        user_id: str,
        archive: AccountArchive,
        plan: _Plan,
        tell: Tell,
    ) -> None:
        self._database = database
        self._user_id = user_id
        self._archive = archive
        self._plan = plan
        self._tell = tell
        self._report = Report()
        self._documents = DocumentImport(
            config, database, file_store, user_id, archive, self._report
        )
        self._settings = SettingsImport(database, user_id, self._report)
        self._writer = HistoryWriter(database, user_id, self._report)
        self._collection_ids: dict[str, str] = {}
        self._added_collections: list[str] = []
        self._moved_conversations: dict[str, str] = {}

    def run(self) -> Report:
        """Add everything."""
        self._tell(f"{len(self._plan.conversation_ids):,} conversations …")
        self._import_collections()
        self._settings.run(self._plan.settings)
        self._tell(f"{len(self._plan.documents):,} documents …")
        self._documents.run(self._plan.documents, self._collection_ids)
        self._moved_conversations = self._moved()
        for line in self._archive.history():
            if isinstance(line, ConversationLine):
                self._writer.begin(self._conversation(line))
            else:
                self._writer.add(self._message(line))
        self._writer.close()
        return self._report

    def undo(self) -> None:
        """Remove what was added so far; what cannot be removed does not keep the rest."""
        with ExitStack() as steps:  # the last one first
            steps.callback(self._undo_collections)
            steps.callback(self._documents.undo)
            steps.callback(self._settings.undo)
            steps.callback(self._writer.undo)

    def _undo_collections(self) -> None:
        for collection_id in self._added_collections:
            with suppress(NotFound), self._database.db_transaction() as session:
                collections.remove(session, self._user_id, collection_id)

    def _import_collections(self) -> None:
        for line in self._plan.collections.values():
            with self._database.db_transaction() as session:
                found = transfers.find_collection(session, self._user_id, line.name)
                if found is None:
                    found = collections.create(session, self._user_id, line.name).id
                    transfers.set_collection_times(session, found, line.created_at, line.updated_at)
                    self._added_collections.append(found)
                    self._report.collections.imported += 1
                else:
                    self._report.collections.skipped += 1
            self._collection_ids[line.id] = found

    def _moved(self) -> dict[str, str]:
        ids, size = self._plan.conversation_ids, transfers.MAX_IDS // 2
        found: dict[str, str] = {}
        for start in range(0, len(ids), size):
            with self._database.db_session() as session:
                found |= moved(session, self._user_id, ids[start : start + size])
        return found

    def _conversation(self, line: ConversationLine) -> dict[str, Any]:
        return {
            **line.model_dump(),
            "document_ids": [self._documents.new_id(id_) for id_ in line.document_ids],
            "collection_ids": [self._collection_ids.get(id_, id_) for id_ in line.collection_ids],
        }

    def _message(self, line: MessageLine) -> dict[str, Any]:
        values = line.model_dump()
        for citation in values["citations"]:
            citation["document_id"] = self._documents.new_id(citation["document_id"])
        for memory in values["memories"]:
            if memory["conversation_id"] in self._moved_conversations:
                memory["message_id"] = moved_id(self._user_id, memory["message_id"])
                memory["conversation_id"] = self._moved_conversations[memory["conversation_id"]]
        if line.status == "streaming":  # nobody goes on with it here
            values["status"] = "interrupted"
        return values
