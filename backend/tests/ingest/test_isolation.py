"""Files that crash, hang or eat all memory end alone; the next one is read at once."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backend.config import Config
from backend.db.models import IngestJob
from backend.db.repositories import documents
from backend.db.repositories.documents import DocumentRecord
from backend.db.session import Database
from backend.ingest.supervisor import WorkerSupervisor

Upload = Callable[..., DocumentRecord]
Look = Callable[[str], DocumentRecord]

DEADLINE_S = 60
WORKER = Path(__file__).parents[1] / "hostile_worker.py"


def wait_for(condition: Callable[[], object], what: str) -> float:
    began_at = time.monotonic()
    while not condition():
        assert time.monotonic() < began_at + DEADLINE_S, f"waited in vain for {what}"
        time.sleep(0.01)
    return time.monotonic() - began_at


@pytest.fixture
def config(make_config: Callable[..., Config]) -> Config:
    return make_config(
        ingest_nice=0,
        ingest_page_max_s=2,
        ingest_document_s=2,
        ingest_page_s=0.001,
        ingest_retry_base_s=0.1,
        ingest_memory_mb=700,
    )


@pytest.fixture
def supervisor(config: Config, database: Database) -> Iterator[WorkerSupervisor]:
    supervisor = WorkerSupervisor(config, [str(WORKER)])
    supervisor.start()
    yield supervisor
    supervisor.stop()


def has_ended(document: DocumentRecord) -> bool:
    return document.status not in documents.ACTIVE


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("crash", "document_crashed"),
        ("hang", "document_timeout"),
        ("hang-with-lock", "document_timeout"),
        ("hang-at-opening", "document_timeout"),
        ("slow", "document_timeout"),
        ("memory", "document_too_large"),
    ],
)
def test_a_hostile_file_fails_with_a_reason_of_its_own_and_others_are_read(
    supervisor: WorkerSupervisor, upload: Upload, look: Look, word: str, code: str
) -> None:
    hostile = upload(f"{word} file".encode(), "hostile.txt")
    wait_for(lambda: look(hostile.id).status != "queued" or "opening" in word, "the start")
    harmless = upload(b"A lighthouse stands on a rock. " * 20, "harmless.txt")
    wait_for(lambda: has_ended(look(hostile.id)), "the hostile file's end")
    assert look(hostile.id).error_code == code
    wait_for(lambda: look(harmless.id).status == "ready", "the harmless file")


def test_a_document_in_a_hanging_worker_does_not_hold_up_the_next_for_two_seconds(
    supervisor: WorkerSupervisor, upload: Upload, look: Look
) -> None:
    # Loads the libraries once, as on a server that has been at work before.
    first = upload(b"First, a harmless file.", "first.txt")
    wait_for(lambda: look(first.id).status == "ready", "the first file")
    hostile = upload(b"hang file", "hostile.txt")
    wait_for(lambda: look(hostile.id).status == "extracting", "the start")
    harmless = upload(b"A lighthouse stands on a rock. " * 20, "harmless.txt")
    wait_for(lambda: has_ended(look(hostile.id)), "the hostile file's end")
    waited_s = wait_for(lambda: look(harmless.id).status != "queued", "the next file's start")
    assert waited_s < 2


def test_canceling_a_document_in_a_hanging_page_frees_the_worker(
    make_config: Callable[..., Config],
    database: Database,
    upload: Upload,
    look: Look,
    user_id: str,
) -> None:
    patient = make_config(ingest_nice=0, ingest_page_max_s=600, ingest_document_s=600)
    supervisor = WorkerSupervisor(patient, [str(WORKER)])
    supervisor.start()
    hostile = upload(b"hang file", "hostile.txt")
    wait_for(lambda: look(hostile.id).progress_total, "the start")
    time.sleep(0.5)  # into the page that hangs
    pid = supervisor.worker_pid
    with database.db_transaction() as session:
        documents.cancel(session, user_id, hostile.id)
    harmless = upload(b"A lighthouse stands on a rock.", "harmless.txt")
    waited_s = wait_for(lambda: supervisor.worker_pid != pid, "the worker's end")
    assert waited_s < 2
    wait_for(lambda: look(harmless.id).status == "ready", "the harmless file")
    assert look(hostile.id).status == "canceled"
    supervisor.stop()


def test_the_lease_is_kept_while_a_page_takes_longer_than_it(
    make_config: Callable[..., Config], database: Database, upload: Upload, look: Look
) -> None:
    config = make_config(ingest_nice=0, ingest_page_max_s=600, ingest_lease_s=1)
    supervisor = WorkerSupervisor(config, [str(WORKER)])
    supervisor.start()
    hostile = upload(b"hang file", "hostile.txt")
    wait_for(lambda: look(hostile.id).progress_total, "the start")

    def expires_at() -> float:
        with database.db_session() as session:
            expires = session.get_one(IngestJob, hostile.id).lease_expires_at
            assert expires is not None
            return expires.timestamp()

    first = expires_at()
    wait_for(lambda: expires_at() > first + 2, "two renewals")
    supervisor.stop()


def test_an_idle_worker_stays(
    supervisor: WorkerSupervisor, config: Config, upload: Upload, look: Look
) -> None:
    document = upload(b"A lighthouse.", "a.txt")
    wait_for(lambda: look(document.id).status == "ready", "the document")
    pid = supervisor.worker_pid
    assert pid is not None
    time.sleep(config.ingest_page_max_s + 0.5)
    assert supervisor.worker_pid == pid
    os.kill(pid, 0)
    assert list((config.data_dir / "workers").iterdir()) == []
