"""Files of watched folders, and who holds their documents.

A document that came from a folder stays as long as a watched file has it, or for good once
somebody uploaded the same bytes. Where rows of several tables change, watched files go
before jobs and jobs before documents: no deadlock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from backend.db.locks import lock_file
from backend.db.models import Document, WatchedFile
from backend.db.repositories import collections, conversations, deletions, documents
from backend.db.types import new_id


@dataclass(frozen=True, slots=True)
class WatchedFileRecord:
    """A watched file; `db.models.WatchedFile` says what each field means."""

    id: str
    user_id: str
    folder: bytes
    path: bytes
    shown_path: str
    size_bytes: int
    mtime_ns: int | None
    sha256: str | None
    document_id: str | None
    replaced_document_id: str | None
    error_code: str | None
    error_message: str | None


@dataclass(frozen=True, slots=True)
class FolderSummary:
    """How many files of a folder are documents, were refused, or were deleted in the page."""

    user_id: str
    folder: bytes
    documents: int
    refused: int
    dismissed: int


_COLUMNS = [getattr(WatchedFile, name) for name in WatchedFileRecord.__dataclass_fields__]


def list_after(
    session: Session, user_id: str, folder: bytes, path: bytes, limit: int
) -> list[WatchedFileRecord]:
    """Return the folder's next files after `path`, in the order of their bytes."""
    return _find(session, user_id, folder, WatchedFile.path > path, limit=limit)


def list_refused(session: Session, user_id: str, folder: bytes) -> list[WatchedFileRecord]:
    """Return the files whose present content was not taken in."""
    return _find(session, user_id, folder, WatchedFile.error_code.is_not(None))


def list_replacing(session: Session, user_id: str, folder: bytes) -> list[WatchedFileRecord]:
    """Return the files whose version before is still there."""
    return _find(session, user_id, folder, WatchedFile.replaced_document_id.is_not(None))


def is_any(session: Session, user_id: str, folder: bytes) -> bool:
    """Return whether a file of this folder is known."""
    return bool(_find(session, user_id, folder, limit=1))


def is_dismissed(session: Session, user_id: str, sha256: str) -> bool:
    """Return whether the user deleted the document of a watched file with these bytes."""
    found = select(WatchedFile.id).where(
        WatchedFile.user_id == user_id,
        WatchedFile.sha256 == sha256,
        WatchedFile.document_id.is_(None),
    )
    return session.execute(found.limit(1)).first() is not None


def summaries(session: Session) -> list[FolderSummary]:
    """Return every folder of which files are known."""
    has_document = WatchedFile.document_id.is_not(None)
    has_error = WatchedFile.error_code.is_not(None)
    is_gone = WatchedFile.document_id.is_(None) & WatchedFile.sha256.is_not(None)
    rows = session.execute(
        select(
            WatchedFile.user_id,
            WatchedFile.folder,
            func.count().filter(has_document),
            func.count().filter(has_error),
            func.count().filter(is_gone),
        )
        .group_by(WatchedFile.user_id, WatchedFile.folder)
        .order_by(WatchedFile.folder, WatchedFile.user_id)
    )
    return [FolderSummary(*row) for row in rows]


def put(session: Session, user_id: str, folder: bytes, path: bytes, **values: Any) -> None:
    """Add a file, or change what is known of it; `values` are columns of the table."""
    changed = session.execute(
        update(WatchedFile)
        .where(
            WatchedFile.user_id == user_id,
            WatchedFile.folder == folder,
            WatchedFile.path == path,
        )
        .values(**values)
        .returning(WatchedFile.id)
    ).first()
    if changed is None:
        session.add(WatchedFile(id=new_id(), user_id=user_id, folder=folder, path=path, **values))
        session.flush()


def settle(session: Session, file: WatchedFileRecord) -> bool:
    """Let the version before go if the new one is searchable or will not become so.

    The new one takes its place in collections and in what conversations ask. Returns
    whether there is nothing left to wait for.
    """
    new = _load(session, file.document_id)
    if new and not new.searchable and new.status in documents.ACTIVE:
        return False
    replaced = _lock(session, file.replaced_document_id)
    session.execute(
        update(WatchedFile).where(WatchedFile.id == file.id).values(replaced_document_id=None)
    )
    for old in replaced:
        leaves = _is_free(session, old)
        if new is not None:
            collections.add_where(session, old, new.id)
            conversations.ask_also(session, file.user_id, old, new.id, instead=leaves)
        if leaves:
            deletions.mark_deleted(session, file.user_id, old)
    return True


def forget(session: Session, file: WatchedFileRecord) -> None:
    """Remove a file that is gone, and its document if nothing else holds it.

    When another path has the same document, that was a move: the shown name follows.
    """
    document_ids = _lock(session, file.document_id, file.replaced_document_id)
    session.execute(delete(WatchedFile).where(WatchedFile.id == file.id))
    for document_id in document_ids:
        if _is_free(session, document_id):
            deletions.mark_deleted(session, file.user_id, document_id)
        else:
            _follow(session, file, document_id)


def release_folder(
    session: Session, user_id: str, folder: bytes, limit: int, *, remove_documents: bool
) -> int:
    """Forget up to `limit` files of a folder, return how many; their documents stay or go."""
    files = _find(session, user_id, folder, limit=limit)
    if remove_documents:
        for file in files:
            forget(session, file)
        return len(files)
    document_ids = {file.document_id for file in files}
    session.execute(
        update(Document)
        .where(Document.id.in_(document_ids - {None}))
        .values(is_kept=True)
        .execution_options(synchronize_session=False)
    )
    for file in files:
        _forget_only(session, file)
    return len(files)


def _forget_only(session: Session, file: WatchedFileRecord) -> None:
    """Remove the row; the version before goes, the present one stays."""
    replaced = _lock(session, file.replaced_document_id)
    session.execute(delete(WatchedFile).where(WatchedFile.id == file.id))
    for document_id in replaced:
        if _is_free(session, document_id):
            deletions.mark_deleted(session, file.user_id, document_id)
    if file.document_id is not None:
        documents.touch(session, file.document_id)


def _find(
    session: Session, user_id: str, folder: bytes, *conditions: Any, limit: int | None = None
) -> list[WatchedFileRecord]:
    rows = session.execute(
        select(*_COLUMNS)
        .where(WatchedFile.user_id == user_id, WatchedFile.folder == folder, *conditions)
        .order_by(WatchedFile.path)
        .limit(limit)
    )
    return [WatchedFileRecord(*row) for row in rows]


def _load(session: Session, document_id: str | None) -> documents.DocumentRecord | None:
    return documents.load_for_ingest(session, document_id) if document_id else None


def _lock(session: Session, *document_ids: str | None) -> list[str]:
    """Return which of these documents are there; nobody uploads their bytes meanwhile."""
    found = documents.load_many(session, [id_ for id_ in document_ids if id_ is not None])
    for document in sorted(found, key=lambda document: document.sha256):
        lock_file(session, document.sha256)
    return [document.id for document in found]


def _is_free(session: Session, document_id: str) -> bool:
    kept = session.scalar(select(Document.is_kept).where(Document.id == document_id))
    holder = select(WatchedFile.id).where(
        or_(
            WatchedFile.document_id == document_id,
            WatchedFile.replaced_document_id == document_id,
        )
    )
    return kept is False and session.execute(holder.limit(1)).first() is None


def _follow(session: Session, file: WatchedFileRecord, document_id: str) -> None:
    document = _load(session, document_id)
    if document is None:
        return
    names = _names_of(session, document_id)
    if names and document.filename == shown_name(file.shown_path) not in names:
        documents.rename(session, document_id, names[0])
    else:
        documents.touch(session, document_id)


def _names_of(session: Session, document_id: str) -> Sequence[str]:
    paths = session.scalars(
        select(WatchedFile.shown_path)
        .where(WatchedFile.document_id == document_id)
        .order_by(WatchedFile.shown_path)
    )
    return [shown_name(path) for path in paths]


def shown_name(shown_path: str) -> str:
    """Return the last part of a shown path: the name of its document."""
    return shown_path.rpartition("/")[2]
