"""A document's journey from its upload to its final state, with the real model."""

from collections.abc import Callable

import numpy as np
import pytest
from sqlalchemy import select, update

from backend.clock import utc_now
from backend.config import Config
from backend.db.models import Chunk, Document, IngestJob, Page, PassageVectors
from backend.db.repositories import chunks, deletions, documents, index_tasks, ingest_jobs
from backend.db.repositories.documents import DocumentRecord
from backend.db.session import Database
from backend.files import FileStore
from backend.ingest.worker import Worker, drain
from backend.store.embeddings import BUILT_IN_MODEL
from backend.store.vectors import unpack_sentence_vectors, unpack_vector
from encrypted_pdf import make_encrypted_pdf
from pdf_maker import make_pdf

Upload = Callable[..., DocumentRecord]
Look = Callable[[str], DocumentRecord]


class Killed(BaseException):
    """Stands for the death of the worker's process: nothing of it runs afterwards."""


def long_text(paragraphs: int) -> bytes:
    return "\n\n".join(
        f"Lighthouse {number} stands on rock {number}. Its lamp number {number} turns. " * 6
        for number in range(paragraphs)
    ).encode()


def work_until(
    config: Config, database: Database, count: int, action: Callable[[Worker], None]
) -> None:
    """Process one job; call `action` at the `count`th sign of progress."""
    seen = 0

    def on_progress() -> None:
        nonlocal seen
        seen += 1
        if seen == count:
            action(worker)

    worker = Worker(config, database, on_progress)
    try:
        worker.process_next()
    finally:
        worker.close()


def kill(_worker: Worker) -> None:
    raise Killed


def work_until_killed(config: Config, database: Database, count: int) -> None:
    """Let a worker die in mid-work; the next one may take its job at once."""
    with pytest.raises(Killed):
        work_until(config, database, count, kill)
    with database.db_transaction() as session:
        assert ingest_jobs.take_dead_leases(session, lambda _owner: True, utc_now())


def attempts(database: Database, document_id: str) -> int:
    with database.db_session() as session:
        job = session.get_one(IngestJob, document_id)
        return job.attempts


def test_a_pdf_becomes_ready_with_pages_passages_and_vectors(
    config: Config, database: Database, upload: Upload, look: Look, pdf: bytes
) -> None:
    document = upload(pdf)
    assert drain(config, database) == 1
    ready = look(document.id)
    assert (ready.status, ready.page_count, ready.error_code) == ("ready", 3, None)
    assert (ready.progress_done, ready.progress_total) == (None, None)
    assert ready.ready_at is not None
    with database.db_session() as session:
        pages = session.scalars(select(Page).order_by(Page.number)).all()
        rows = session.scalars(select(Chunk).order_by(Chunk.ordinal)).all()
        vectors_of = {row.chunk_id: row for row in session.scalars(select(PassageVectors))}
        tasks = index_tasks.waiting(session, 10)
        assert len(rows) == ready.chunk_count
        text = "\n".join(page.text for page in pages)
        assert "Each night they\nwound the clockwork" in text
        assert all(text[page.start :].startswith(page.text) for page in pages)
        assert all(page.layout is not None and page.width == 612 for page in pages)
        for row in rows:
            assert text[row.start : row.end] == row.text
            vectors = vectors_of[row.id]
            assert vectors.embedding_model == BUILT_IN_MODEL
            vector = unpack_vector(vectors.vector)
            assert abs(float(np.linalg.norm(vector)) - 1) < 1e-5
            sentences = unpack_sentence_vectors(vectors.sentence_vectors, len(vector))
            assert len(sentences) == len(row.sentences)
    assert [task.operation for task in tasks] == ["upsert_chunks", "upsert_chunks"]


def test_markdown_becomes_ready_with_headings(
    config: Config, database: Database, upload: Upload, look: Look
) -> None:
    text = "# Lamps\n\n" + "Oil burns. " * 40 + "\n\n# Lenses\n\n" + "Glass bends light. " * 30
    document = upload(text.encode(), "notes.md")
    drain(config, database)
    assert look(document.id).status == "ready"
    with database.db_session() as session:
        assert session.scalars(select(Chunk.heading).order_by(Chunk.ordinal)).all() == [
            "Lamps",
            "Lenses",
        ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"%PDF-1.7\nthis is no PDF", "document_unreadable"),
        (make_encrypted_pdf("text", password="secret"), "document_encrypted"),
        (make_pdf(["", ""]), "no_text"),
        (b" \n\n ", "no_text"),
    ],
)
def test_what_cannot_be_read_ends_failed_with_a_reason(
    config: Config, database: Database, upload: Upload, look: Look, content: bytes, code: str
) -> None:
    document = upload(content)
    assert drain(config, database) == 1
    failed = look(document.id)
    assert (failed.status, failed.error_code) == ("failed", code)
    assert failed.error_message is not None
    assert failed.error_message.endswith(".")
    assert drain(config, database) == 0


def test_a_missing_original_ends_failed(
    config: Config, database: Database, upload: Upload, look: Look, pdf: bytes
) -> None:
    document = upload(pdf)
    FileStore(config.files_dir).delete(document.sha256)
    drain(config, database)
    assert look(document.id).error_code == "document_unreadable"


def test_a_failed_document_can_be_retried(
    config: Config, database: Database, upload: Upload, look: Look, user_id: str, pdf: bytes
) -> None:
    document = upload(pdf)
    files = FileStore(config.files_dir)
    path = files.path(document.sha256)
    aside = path.rename(path.with_suffix(".aside"))
    drain(config, database)
    assert look(document.id).status == "failed"
    aside.rename(path)
    with database.db_transaction() as session:
        documents.retry(session, user_id, document.id)
    drain(config, database)
    assert look(document.id).status == "ready"


def test_a_long_reading_lets_a_shorter_document_go_first_and_goes_on_where_it_stopped(
    make_config: Callable[..., Config], database: Database, upload: Upload, look: Look
) -> None:
    config = make_config(ingest_turn_s=0.001)
    long = upload(make_pdf([f"Page {n} of the long one." for n in range(1, 251)]), "long.pdf")
    short: list[DocumentRecord] = []
    work_until(
        config, database, 3, lambda _worker: short.append(upload(b"A short one.", "short.txt"))
    )
    interrupted = look(long.id)
    assert interrupted.status == "extracting"
    assert 0 < (interrupted.progress_done or 0) < 250
    # The short one is searchable before the long one is read any further.
    work_until(config, database, 1, lambda _worker: None)
    assert look(short[0].id).chunk_count == 1
    assert look(long.id).progress_done == interrupted.progress_done
    drain(config, database)
    assert look(long.id).status == look(short[0].id).status == "ready"
    with database.db_session() as session:
        texts = session.scalars(
            select(Page.text).where(Page.document_id == long.id).order_by(Page.number)
        ).all()
    assert texts == [f"Page {n} of the long one." for n in range(1, 251)]


@pytest.mark.parametrize("count", [1, 3])
def test_a_canceled_document_stops_at_once_and_stays_canceled(
    config: Config, database: Database, upload: Upload, look: Look, user_id: str, count: int
) -> None:
    document = upload(long_text(10), "long.txt")

    def cancel(_worker: Worker) -> None:
        with database.db_transaction() as session:
            documents.cancel(session, user_id, document.id)

    work_until(config, database, count, cancel)
    assert look(document.id).status == "canceled"
    assert drain(config, database) == 0
    with database.db_session() as session:
        assert chunks.count(session, document.id, embedded_by=BUILT_IN_MODEL) == 0


def test_a_document_deleted_in_mid_work_gets_no_more_rows(
    config: Config, database: Database, upload: Upload, user_id: str
) -> None:
    document = upload(long_text(10), "long.txt")

    def delete(_worker: Worker) -> None:
        with database.db_transaction() as session:
            deletions.mark_deleted(session, user_id, document.id)

    work_until(config, database, 1, delete)
    assert drain(config, database) == 0
    with database.db_transaction() as session:
        assert chunks.count(session, document.id) == 0
        deletions.purge(session, document.id)


def test_a_stopped_worker_gives_its_job_back_and_no_vector_is_computed_twice(
    make_config: Callable[..., Config], database: Database, upload: Upload, look: Look
) -> None:
    config = make_config(embedding_batch_chunks=1, chunk_max_characters=1000)
    document = upload(long_text(10), "long.txt")
    work_until(config, database, 8, Worker.stop)
    assert look(document.id).status == "embedding"
    assert attempts(database, document.id) == 0
    with database.db_transaction() as session:
        done = chunks.count(session, document.id, embedded_by=BUILT_IN_MODEL)
        assert 0 < done < (look(document.id).chunk_count or 0)
        # Were it computed again, the marker would be gone.
        session.execute(update(PassageVectors).values(vector=b"mark"))
    drain(config, database)
    assert look(document.id).status == "ready"
    with database.db_session() as session:
        vectors = session.scalars(
            select(PassageVectors.vector).join(Chunk).order_by(Chunk.ordinal)
        ).all()
    assert [vector == b"mark" for vector in vectors] == [True] * done + [False] * (
        len(vectors) - done
    )


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_killed_worker_is_followed_by_one_that_finishes(
    make_config: Callable[..., Config],
    database: Database,
    upload: Upload,
    look: Look,
    count: int,
) -> None:
    config = make_config(embedding_batch_chunks=1)
    document = upload(long_text(10), "long.txt")
    work_until_killed(config, database, count)
    assert look(document.id).status in ("extracting", "embedding")
    drain(config, database)
    ready = look(document.id)
    assert ready.status == "ready"
    with database.db_session() as session:
        rows = session.scalars(select(Chunk).order_by(Chunk.ordinal)).all()
        assert [row.ordinal for row in rows] == list(range(ready.chunk_count or 0))


def test_a_document_that_kills_every_worker_ends_failed(
    config: Config, database: Database, upload: Upload, look: Look, pdf: bytes
) -> None:
    hostile = upload(long_text(10), "hostile.txt")
    for _ in range(config.ingest_max_attempts):
        work_until_killed(config, database, 1)
    harmless = upload(pdf)
    drain(config, database)
    assert look(hostile.id).status == "failed"
    assert look(hostile.id).error_code == "document_crashed"
    assert look(harmless.id).status == "ready"


def rows_of(database: Database, document_id: str) -> list[tuple[object, ...]]:
    """Return the text, the places and the headings of a document's passages."""
    with database.db_session() as session:
        columns = (Chunk.ordinal, Chunk.text, Chunk.heading, Chunk.start, Chunk.end)
        query = select(*columns, Chunk.page_spans, Chunk.sentences)
        rows = session.execute(
            query.where(Chunk.document_id == document_id).order_by(Chunk.ordinal)
        )
        return [tuple(row) for row in rows]


def read_to_the_end(config: Config, database: Database, look: Look, document_id: str) -> None:
    """Process the job until its text is read; embed nothing."""

    def stop_before_embedding() -> None:
        if look(document_id).status == "embedding":
            worker.stop()

    worker = Worker(config, database, stop_before_embedding)
    assert worker.process_next()
    worker.close()
    assert look(document_id).status == "embedding"


def test_reading_goes_on_after_the_last_committed_page_and_gives_the_same_passages(
    config: Config, database: Database, upload: Upload, look: Look, user_id: str
) -> None:
    document = upload(long_text(1000), "long.txt")
    work_until_killed(config, database, 102)
    # A hundred pages are committed together, and on a slow machine some before.
    assert 0 < look(document.id).progress_done < 102
    with database.db_transaction() as session:
        # Were the page read again, the mark would be gone.
        session.execute(update(Page).where(Page.number == 1).values(width=-1))
    work_until(config, database, 2, Worker.stop)
    assert attempts(database, document.id) == 1  # it had not advanced since it was killed
    read_to_the_end(config, database, look, document.id)
    resumed = rows_of(database, document.id)
    with database.db_session() as session:
        assert session.scalar(select(Page.width).where(Page.number == 1)) == -1
        assert "delete_document" not in [t.operation for t in index_tasks.waiting(session, 100)]
    with database.db_transaction() as session:
        documents.cancel(session, user_id, document.id)
        session.execute(update(Document).values(chunk_count=None))
        documents.retry(session, user_id, document.id)
    read_to_the_end(config, database, look, document.id)
    assert rows_of(database, document.id) == resumed
    with database.db_session() as session:
        assert session.scalar(select(Page.width).where(Page.number == 1)) != -1


def test_every_document_is_read_before_any_is_embedded(
    config: Config, database: Database, upload: Upload, look: Look, pdf: bytes
) -> None:
    first, second = upload(pdf), upload(long_text(3), "second.txt")
    worker = Worker(config, database)
    worker.process_next()
    states = {look(first.id).status, look(second.id).status}
    assert states == {"queued", "embedding"}
    worker.process_next()
    states = {look(first.id).status, look(second.id).status}
    assert states == {"ready", "embedding"}
    worker.process_next()
    worker.close()
    assert look(first.id).status == look(second.id).status == "ready"


def test_an_unexpected_error_is_tried_again_later_and_then_ends_failed(
    make_config: Callable[..., Config], database: Database, upload: Upload, look: Look
) -> None:
    config = make_config(ingest_retry_base_s=0.001, ingest_max_attempts=2)
    document = upload(b"text", media_type="a/type-nobody-reads")
    tries = 0
    while look(document.id).status != "failed":
        drain(config, database)
        tries += 1
        assert tries < 1000
    assert look(document.id).error_code == "ingest_interrupted"
    assert attempts(database, document.id) == 2
