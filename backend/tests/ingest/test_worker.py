"""The worker as a process: started, killed, stopped, left alone by its parent."""

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backend.config import Config
from backend.db.models import IngestJob
from backend.db.repositories import archives
from backend.db.repositories.documents import DocumentRecord
from backend.db.session import Database
from backend.ingest.process_limits import take_last_words, was_time_up
from backend.ingest.supervisor import WorkerSupervisor, worker_environment
from backend.ingest.worker import drain
from embedding_server import run_embedding_server
from zip_maker import make_archive

Upload = Callable[..., DocumentRecord]
Look = Callable[[str], DocumentRecord]

DEADLINE_S = 60


def wait_for(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def long_text(paragraphs: int) -> bytes:
    return "\n\n".join(
        f"Lighthouse {n} stands on rock {n}. Lamp {n} turns {n} times a minute. " * 6
        for n in range(paragraphs)
    ).encode()


@pytest.fixture
def config(make_config: Callable[..., Config]) -> Config:
    return make_config(embedding_batch_chunks=4, ingest_retry_base_s=0.1, ingest_nice=0)


@pytest.fixture
def supervisor(config: Config, database: Database) -> Iterator[WorkerSupervisor]:
    supervisor = WorkerSupervisor(config)
    supervisor.start()
    yield supervisor
    supervisor.stop()


def test_a_worker_process_takes_documents_in(
    supervisor: WorkerSupervisor, upload: Upload, look: Look, pdf: bytes
) -> None:
    document = upload(pdf)
    wait_for(lambda: look(document.id).status == "ready", "the document")
    assert supervisor.worker_pid is not None


def test_a_killed_worker_is_replaced_and_its_document_becomes_ready(
    supervisor: WorkerSupervisor, upload: Upload, look: Look
) -> None:
    document = upload(long_text(40), "long.txt")
    wait_for(lambda: look(document.id).progress_done, "progress")
    first = supervisor.worker_pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: look(document.id).status == "ready", "the document")
    assert supervisor.worker_pid not in (None, first)


def test_a_worker_killed_at_random_moments_loses_no_vector_that_was_committed(
    make_config: Callable[..., Config], database: Database, upload: Upload, look: Look
) -> None:
    chance = random.Random(0)
    with run_embedding_server() as server:
        server.pause_s = 0.05
        config = make_config(
            embedding_url=server.base_url,
            embedding_model="small-16",
            embedding_batch_chunks=1,
            ingest_max_attempts=3,
            ingest_nice=0,
        )
        supervisor = WorkerSupervisor(config)
        supervisor.start()
        try:
            document = upload(long_text(60), "long.txt")
            kills = 0
            for _ in range(5):
                before = look(document.id).progress_done or 0
                wait_for(
                    lambda before=before: has_gone_on(look(document.id), before),
                    "a committed batch",
                )
                pid = supervisor.worker_pid
                if pid is None or look(document.id).status == "ready":
                    continue
                time.sleep(chance.uniform(0, 0.1))
                os.kill(pid, signal.SIGKILL)
                kills += 1
                wait_for(lambda pid=pid: supervisor.worker_pid not in (None, pid), "a new worker")
            wait_for(lambda: look(document.id).status == "ready", "the document")
        finally:
            supervisor.stop()
        assert kills > config.ingest_max_attempts
        # Each kill may cost the batch in hand, of one passage, and the file's name.
        repeated = len(server.texts) - len(set(server.texts))
        assert repeated <= kills * 25


def has_gone_on(document: DocumentRecord, before: int) -> bool:
    return document.status == "ready" or (
        document.status == "embedding" and (document.progress_done or 0) > before
    )


def test_a_stopped_worker_ends_in_time_and_its_job_goes_on_at_once(
    config: Config,
    database: Database,
    supervisor: WorkerSupervisor,
    upload: Upload,
    look: Look,
) -> None:
    document = upload(long_text(80), "long.txt")
    wait_for(lambda: look(document.id).status == "embedding", "the text")
    wait_for(lambda: look(document.id).progress_done, "the first vectors")
    pid = supervisor.worker_pid
    assert pid is not None
    began_at = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - began_at < config.shutdown_timeout_s
    assert not is_alive(pid)
    assert look(document.id).status == "embedding"
    with database.db_session() as session:
        job = session.get_one(IngestJob, document.id)
        assert (job.state, job.attempts) == ("waiting", 0)
    assert drain(config, database) == 1
    assert look(document.id).status == "ready"


def test_a_worker_ends_when_its_parent_is_killed(config: Config, database: Database) -> None:
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent("""
                import threading
                from backend.config import load_config
                from backend.ingest.supervisor import WorkerSupervisor
                supervisor = WorkerSupervisor(load_config())
                supervisor.start()
                while supervisor.worker_pid is None:
                    threading.Event().wait(0.01)
                print(supervisor.worker_pid, flush=True)
                threading.Event().wait()
            """),
        ],
        env={**os.environ, **worker_environment(config)},
        stdout=subprocess.PIPE,
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert is_alive(pid)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_for(lambda: not is_alive(pid), "the worker's end")


def test_a_supervisor_can_be_stopped_right_after_its_start(config: Config) -> None:
    supervisor = WorkerSupervisor(config)
    supervisor.start()
    supervisor.stop()
    assert supervisor.worker_pid is None


def test_memory_beyond_the_cap_is_refused_to_a_worker() -> None:
    code = textwrap.dedent("""
        from backend.ingest.process_limits import cap_memory
        cap_memory(200)
        try:
            bytearray(300 * 1024 * 1024)
        except MemoryError:
            print("refused")
    """)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "refused"


def test_the_watchdog_ends_a_process_that_hangs_in_native_code_and_says_so(tmp_path: Path) -> None:
    code = textwrap.dedent("""
        import ctypes, pathlib, sys
        from backend.ingest.process_limits import Watchdog
        Watchdog(pathlib.Path(sys.argv[1])).allow(0.3)
        ctypes.PyDLL(None).sleep(60)  # holds the interpreter's lock, as a hanging parser might
    """)
    path = tmp_path / "workers" / "a.txt"
    began_at = time.monotonic()
    run = subprocess.run([sys.executable, "-c", code, path], capture_output=True, check=False)
    assert run.returncode != 0
    assert time.monotonic() - began_at < 30
    last_words = take_last_words(path)
    assert was_time_up(last_words)
    assert not path.exists()
    assert not was_time_up(take_last_words(path))


def test_workers_killed_while_they_unpack_double_and_lose_nothing(
    supervisor: WorkerSupervisor, database: Database, upload: Upload, look: Look
) -> None:
    count = 300
    files: dict[str, str | bytes] = {
        f"{n}.txt": f"The lighthouse number {n} stands on a rock." for n in range(count)
    }
    archive = upload(make_archive(files), "lights.zip")
    kills = 0
    for share in (0.1, 0.4, 0.7):
        wait_for(
            lambda share=share: has_unpacked(look(archive.id), share * count), "the next files"
        )
        pid = supervisor.worker_pid
        if pid is not None and look(archive.id).status == "extracting":
            os.kill(pid, signal.SIGKILL)
            kills += 1
            wait_for(lambda pid=pid: supervisor.worker_pid not in (None, pid), "a new worker")
    wait_for(lambda: look(archive.id).status in ("embedding", "ready"), "the archive")
    assert kills
    with database.db_session() as session:
        entries = archives.list_entries(session, archive.id)
        held = archives.contents(session, {archive.id})
    assert [entry.number for entry in entries] == list(range(1, count + 1))
    assert {entry.outcome for entry in entries} == {"taken_in"}
    assert len(held) == count


def has_unpacked(document: DocumentRecord, count: float) -> bool:
    return document.status != "queued" and (document.progress_done or count) >= count
