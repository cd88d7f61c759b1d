"""Archives whose worker dies, is told to stop or finds the disk full, and what comes after."""

import errno
import os
from collections.abc import Callable

import pytest

from archive_house import (
    Killed,
    all_documents,
    free_leases,
    from_archive,
    kill,
    lights,
    listing,
    text,
    work_until,
)
from backend.clock import utc_now
from backend.config import Config
from backend.db.models import IngestJob
from backend.db.repositories import deletions, documents, ingest_jobs
from backend.db.repositories.documents import DocumentRecord
from backend.db.session import Database
from backend.files import FileStore, ReceivedFile
from backend.ingest.worker import Worker, drain
from zip_maker import make_archive

Upload = Callable[..., DocumentRecord]
Look = Callable[[str], DocumentRecord]
MIB = 1024 * 1024


@pytest.mark.parametrize("after_files", [0, 1, 5, 11])
def test_a_killed_worker_goes_on_with_the_next_file(
    config: Config, database: Database, upload: Upload, look: Look, after_files: int
) -> None:
    archive = upload(make_archive(lights(12)), "lights.zip")
    with pytest.raises(Killed):
        work_until(config, database, kill, after_files)
    before = {d.id for d in all_documents(database)}
    assert len(before) == 1 + after_files
    assert look(archive.id).progress_done == after_files
    free_leases(database)
    drain(config, database)
    assert look(archive.id).status == "ready"
    assert before < {d.id for d in all_documents(database)}
    assert len(from_archive(database, archive.id)) == 12
    lines = listing(database, archive.id)
    assert lines == [f"lights/{number}.txt (taken in)" for number in range(12)]


def test_a_worker_killed_after_each_file_never_gives_up_the_archive(
    config: Config, database: Database, upload: Upload, look: Look
) -> None:
    archive = upload(make_archive(lights(8)), "lights.zip")
    assert config.ingest_max_attempts < 8
    for count in range(1, 8):
        with pytest.raises(Killed):
            work_until(config, database, kill, count)
        free_leases(database)
    drain(config, database)
    assert look(archive.id).status == "ready"
    assert len(all_documents(database)) == 9


def test_a_canceled_archive_stops_between_two_files_and_can_be_retried(
    config: Config, database: Database, upload: Upload, look: Look
) -> None:
    archive = upload(make_archive(lights(10)), "lights.zip")

    def cancel() -> None:
        with database.db_transaction() as session:
            documents.cancel(session, archive.user_id, archive.id)

    work_until(config, database, cancel, 4)
    assert look(archive.id).status == "canceled"
    assert len(from_archive(database, archive.id)) == 4
    drain(config, database)
    assert set(from_archive(database, archive.id).values()) == {"ready"}
    with database.db_transaction() as session:
        documents.retry(session, archive.user_id, archive.id)
    drain(config, database)
    assert look(archive.id).status == "ready"
    assert len(all_documents(database)) == 11
    lines = listing(database, archive.id)
    assert lines == [f"lights/{number}.txt (taken in)" for number in range(10)]


def test_a_cancel_is_noticed_inside_a_large_file(
    config: Config, database: Database, upload: Upload, look: Look
) -> None:
    archive = upload(make_archive({"large.txt": os.urandom(4 * MIB).hex()}), "large.zip")
    signs = 0

    def on_progress() -> None:
        nonlocal signs
        signs += 1
        if signs == 3:
            kill()

    worker = Worker(config, database, on_progress)
    with pytest.raises(Killed):
        worker.process_next()
    worker.close()
    assert look(archive.id).progress_done == 0
    assert list((config.files_dir / "incoming").iterdir()) == []


def test_progress_counts_files(
    config: Config, database: Database, upload: Upload, look: Look
) -> None:
    archive = upload(make_archive(lights(5)), "lights.zip")
    with pytest.raises(Killed):
        work_until(config, database, kill, 3)
    seen = look(archive.id)
    assert (seen.status, seen.progress_done, seen.progress_total) == ("extracting", 3, 5)


def test_an_archive_that_is_read_anew_brings_back_what_was_deleted_and_doubles_nothing(
    config: Config, database: Database, upload: Upload, look: Look
) -> None:
    archive = upload(make_archive(lights(3)), "lights.zip")
    drain(config, database)
    gone = next(d for d in all_documents(database) if d.filename == "lights/1.txt")
    with database.db_transaction() as session:
        assert deletions.mark_deleted(session, gone.user_id, gone.id) == [gone.id]
    with database.db_transaction() as session:
        documents.retry(session, archive.user_id, archive.id)
    drain(config, database)
    assert look(archive.id).status == "ready"
    assert len(from_archive(database, archive.id)) == 3


def test_a_full_disk_is_no_reason_to_give_a_file_up(
    config: Config, database: Database, upload: Upload, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = upload(make_archive(lights(2)), "lights.zip")

    def full(_store: FileStore, _received: ReceivedFile) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(FileStore, "store", full)
        drain(config, database)
    assert look(archive.id).status in documents.ACTIVE
    with database.db_transaction() as session:
        session.get_one(IngestJob, archive.id).run_after = utc_now()
    drain(config, database)
    assert look(archive.id).status == "ready"
    assert len(from_archive(database, archive.id)) == 2


def test_unpacking_goes_before_embedding(
    config: Config, database: Database, upload: Upload, look: Look
) -> None:
    long = upload((text("tower") * 2000).encode(), "long.txt")
    with pytest.raises(Killed):
        worker = Worker(config, database, lambda: kill() if is_embedding(look, long.id) else None)
        worker.process_next()
    free_leases(database)
    archive = upload(make_archive(lights(1)), "lights.zip")
    with database.db_transaction() as session:
        job = ingest_jobs.lease_next(session, "a worker", utc_now(), 60)
    assert job is not None
    assert job.document_id == archive.id


def is_embedding(look: Look, document_id: str) -> bool:
    return look(document_id).status == "embedding"


def test_what_is_deleted_between_two_workers_is_not_unpacked_again(
    config: Config, database: Database, upload: Upload, look: Look
) -> None:
    archive = upload(make_archive(lights(6)), "lights.zip")
    with pytest.raises(Killed):
        work_until(config, database, kill, 3)
    first = next(d for d in all_documents(database) if d.filename == "lights/0.txt")
    with database.db_transaction() as session:
        deletions.mark_deleted(session, first.user_id, first.id)
    free_leases(database)
    drain(config, database)
    assert look(archive.id).status == "ready"
    assert len(from_archive(database, archive.id)) == 5
