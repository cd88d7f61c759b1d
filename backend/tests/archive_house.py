"""What tests of archives look at, and a worker that can be stopped in the middle of one."""

from collections.abc import Callable

from sqlalchemy import select

from backend.clock import utc_now
from backend.config import Config
from backend.db.models import ArchiveEntry, Document, Page
from backend.db.repositories import ingest_jobs
from backend.db.session import Database
from backend.ingest.worker import Worker


class Killed(BaseException):
    """Stands for the death of the worker's process: nothing of it runs afterwards."""


def text(word: str) -> str:
    return f"The {word} stands on a rock and can be seen from afar. "


def lights(count: int) -> dict[str, str | bytes]:
    return {f"lights/{number}.txt": text(f"lighthouse {number}") for number in range(count)}


def from_archive(database: Database, archive_id: str) -> dict[str, str]:
    """Return name and status of the live documents that came from an archive."""
    with database.db_session() as session:
        rows = session.execute(
            select(Document.filename, Document.status).where(
                Document.archive_id == archive_id, Document.deleted_at.is_(None)
            )
        )
        return {row.filename: row.status for row in rows}


def listing(database: Database, archive_id: str) -> list[str]:
    """Return the lines of an archive's own text, without the first."""
    with database.db_session() as session:
        pages = session.scalars(
            select(Page.text).where(Page.document_id == archive_id).order_by(Page.number)
        ).all()
    return "\n".join(pages).split("\n")[2:]


def all_documents(database: Database) -> list[Document]:
    with database.db_session() as session:
        return list(session.scalars(select(Document).where(Document.deleted_at.is_(None))))


def work_until(
    config: Config, database: Database, action: Callable[[], None], after_files: int
) -> None:
    """Process all jobs; call `action` at the first sign of progress after so many files."""
    done = False

    def on_progress() -> None:
        nonlocal done
        with database.db_session() as session:
            count = len(session.scalars(select(ArchiveEntry.number)).all())
        if count >= after_files and not done:
            done = True
            action()

    worker = Worker(config, database, on_progress)
    try:
        while worker.process_next():
            pass
    finally:
        worker.close()


def kill() -> None:
    raise Killed


def free_leases(database: Database) -> None:
    with database.db_transaction() as session:
        assert ingest_jobs.take_dead_leases(session, lambda _owner: True, utc_now())
