"""A received file becomes a queued document, whoever brings it."""

from sqlalchemy.orm import Session

from backend.db.locks import lock_file
from backend.db.repositories import documents
from backend.db.repositories.documents import DocumentRecord
from backend.files import FileStore, ReceivedFile


def keep(
    session: Session,
    file_store: FileStore,
    received: ReceivedFile,
    user_id: str,
    *,
    filename: str,
    media_type: str,
    archive_id: str | None = None,
) -> tuple[DocumentRecord, bool]:
    """Store the file and queue it in this transaction; return the document and True.

    When the user has these bytes already: that document and False. A lost original is put
    back. `archive_id` is as in `documents.create`.
    """
    lock_file(session, received.sha256)
    document, is_new = documents.create(
        session,
        user_id,
        filename=filename,
        media_type=media_type,
        size_bytes=received.size_bytes,
        sha256=received.sha256,
        archive_id=archive_id,
    )
    if is_new or not file_store.has(received.sha256, received.size_bytes):
        file_store.store(received)
    return document, is_new
