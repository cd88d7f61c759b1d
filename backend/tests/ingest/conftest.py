"""Fixtures of the ingest tests: a user, and a way to upload and to look."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.clock import utc_now
from backend.config import Config
from backend.db.locks import lock_file
from backend.db.models import User
from backend.db.repositories import documents
from backend.db.repositories.documents import DocumentRecord
from backend.db.session import Database
from backend.files import FileStore
from backend.ingest.extract.detect import detect_media_type

Upload = Callable[..., DocumentRecord]


@pytest.fixture
def user_id(database: Database) -> str:
    with database.db_transaction() as session:
        user = User(
            username="ada",
            username_key="ada",
            password_hash="-",
            role="user",
            created_at=utc_now(),
        )
        session.add(user)
        session.flush()
        return user.id


@pytest.fixture
def upload(config: Config, database: Database, user_id: str) -> Upload:
    """Return a function that stores bytes and queues them, as the API does."""
    files = FileStore(config.files_dir)

    def store(content: bytes, filename: str = "report.pdf", media_type: str = "") -> DocumentRecord:
        received = files.receive(io.BytesIO(content), config.max_upload_bytes)
        with database.db_transaction() as session:
            lock_file(session, received.sha256)
            document, _ = documents.create(
                session,
                user_id,
                filename=filename,
                media_type=media_type or detect_media_type(received.path, filename),
                size_bytes=received.size_bytes,
                sha256=received.sha256,
            )
            files.store(received)
        return document

    return store


@pytest.fixture
def look(database: Database, user_id: str) -> Callable[[str], DocumentRecord]:
    """Return a function that reads a document's row."""

    def read(document_id: str) -> DocumentRecord:
        with database.db_session() as session:
            return documents.get(session, user_id, document_id)

    return read


@pytest.fixture
def write(tmp_path: Path) -> Callable[[bytes], Path]:
    """Return a function that writes bytes into a file."""

    def to_file(content: bytes) -> Path:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.bin"
        path.write_bytes(content)
        return path

    return to_file
