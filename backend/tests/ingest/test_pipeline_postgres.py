"""The same journey on PostgreSQL, where several workers may run at once."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import select

from backend.config import Config
from backend.db.models import Chunk, Document, PassageVectors
from backend.db.repositories.documents import DocumentRecord
from backend.db.session import Database
from backend.ingest.worker import drain

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
