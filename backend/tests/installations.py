"""An installation of its own: data folder, database and files."""

import io
from dataclasses import dataclass
from pathlib import Path

from backend.auth import accounts
from backend.config import Config
from backend.db.migrate import upgrade
from backend.db.repositories import documents
from backend.db.repositories.documents import DocumentRecord
from backend.db.session import Database, create_database
from backend.files import FileStore
from backend.ingest.extract.detect import detect_media_type
from backend.ingest.intake import keep
from backend.transfer.account_export import AccountExport
from backend.transfer.account_import import import_account
from backend.transfer.report import Report


@dataclass
class Installation:
    config: Config
    database: Database
    file_store: FileStore
    folder: Path

    def add_user(self, username: str) -> str:
        open_config = self.config.model_copy(update={"signup_enabled": True})
        user, _ = accounts.register(
            self.database, open_config, username=username, password="correct horse battery"
        )
        return user.id

    def upload(self, user_id: str, data: bytes, filename: str) -> str:
        received = self.file_store.receive(io.BytesIO(data), 10**9)
        media_type = detect_media_type(received.path, filename)
        with self.database.db_transaction() as session:
            document, _ = keep(
                session,
                self.file_store,
                received,
                user_id,
                filename=filename,
                media_type=media_type,
            )
        received.discard()
        return document.id

    def documents(self, user_id: str) -> list[DocumentRecord]:
        with self.database.db_session() as session:
            return documents.list_oldest_first(session, user_id, 1_000)

    def export(self, user_id: str, name: str = "account.zip") -> Path:
        path = self.folder / name
        with path.open("wb") as file:
            for piece in AccountExport(self.database, self.file_store, user_id):
                file.write(piece)
        return path

    def take_in(self, user_id: str, path: Path) -> Report:
        return import_account(self.config, self.database, self.file_store, user_id, path)


def install(config: Config) -> Installation:
    config.data_dir.mkdir(parents=True, exist_ok=True)
    database = create_database(config)
    upgrade(database)
    return Installation(config, database, FileStore(config.files_dir), config.data_dir)
