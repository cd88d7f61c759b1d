"""The worker as a process: started, killed, stopped, left alone by its parent."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator

import pytest

from backend.config import Config
from backend.db.models import IngestJob
from backend.db.repositories.documents import DocumentRecord
from backend.db.session import Database
from backend.ingest.supervisor import WorkerSupervisor, worker_environment
from backend.ingest.worker import drain

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


def test_the_watchdog_ends_a_process_that_hangs_in_native_code() -> None:
    code = textwrap.dedent("""
        import ctypes
        from backend.ingest.process_limits import Watchdog
        Watchdog(0.3).rewind()
        ctypes.PyDLL(None).sleep(60)  # holds the interpreter's lock, as a hanging parser might
    """)
    began_at = time.monotonic()
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert run.returncode != 0
    assert time.monotonic() - began_at < 30
