"""The same journey on PostgreSQL, where several workers may run at once."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import select

from backend.config import Config
from backend.db.models import Chunk, Document, PassageVectors
from backend.db.repositories import archives, deletions
from backend.db.repositories.documents import DocumentRecord
from backend.db.session import Database
from backend.ingest.worker import drain
from zip_maker import make_archive

Upload = Callable[..., DocumentRecord]

pytestmark = pytest.mark.postgres


@pytest.fixture
def database(postgres_database: Database) -> Database:
    return postgres_database


def test_several_workers_share_the_queue(
    config: Config, database: Database, upload: Upload
) -> None:
    count = 6
    for number in range(count):
        upload(f"Lamp {number} is lit. ".encode() * 200, f"{number}.txt")
    taken: list[int] = []
    workers = [
        threading.Thread(target=lambda: taken.append(drain(config, database))) for _ in range(3)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    drain(config, database)  # a job may have been in other hands when the others ended
    with database.db_session() as session:
        assert set(session.scalars(select(Document.status))) == {"ready"}
        assert len(taken) == 3
        rows = session.execute(select(Chunk.document_id, Chunk.ordinal)).all()
        vectors = session.scalars(select(PassageVectors.chunk_id)).all()
    assert len({(row.document_id, row.ordinal) for row in rows}) == len(rows)
    assert len(vectors) == len(set(vectors)) == len(rows)


def test_workers_unpack_archives_while_one_of_these_is_deleted(
    config: Config, database: Database, upload: Upload, user_id: str
) -> None:
    files: dict[str, str | bytes] = {
        f"{n}.txt": f"The lighthouse number {n} stands on a rock." for n in range(20)
    }
    doomed = upload(make_archive({"inner.zip": make_archive(files)}), "doomed.zip")
    staying = upload(make_archive({**files, "more.txt": "A buoy floats."}), "staying.zip")
    workers = [threading.Thread(target=drain, args=(config, database)) for _ in range(2)]
    for worker in workers:
        worker.start()
    while not held_by(database, doomed.id):
        threading.Event().wait(0.01)
    with database.db_transaction() as session:
        deletions.mark_deleted(session, user_id, doomed.id)
    for worker in workers:
        worker.join()
    drain(config, database)
    assert held_by(database, doomed.id) == set()
    assert len(held_by(database, staying.id)) == len(files) + 1
    with database.db_session() as session:
        live = session.scalars(select(Document).where(Document.deleted_at.is_(None))).all()
        assert {document.status for document in live} == {"ready"}
        assert len(live) == len(files) + 2
        owners = {document.archive_id for document in live if document.id != staying.id}
    assert owners == {staying.id}


def held_by(database: Database, archive_id: str) -> set[str]:
    with database.db_session() as session:
        return archives.contents(session, {archive_id})
