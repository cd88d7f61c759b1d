"""How long an archive takes to be unpacked, to be asked and to be deleted.

.venv/bin/python scripts/bench/bench_archives.py
"""

import argparse
import io
import os
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.auth import accounts
from backend.config import load_config
from backend.db.migrate import upgrade
from backend.db.repositories import archives, deletions
from backend.db.session import create_database
from backend.files import FileStore
from backend.ingest.extract.formats import ZIP
from backend.ingest.intake import keep
from backend.ingest.worker import Worker

TEXT = "The lighthouse number {0} stands on a rock and can be seen from afar. " * 13


def make_archive(count: int, large_mib: int) -> bytes:
    """Return an archive of small texts, or of one large table."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(count):
            archive.writestr(f"{number}.txt", TEXT.format(number))
        if large_mib:
            archive.writestr("table.csv", os.urandom(large_mib * 512 * 1024).hex())
    return buffer.getvalue()


@contextmanager
def timed(what: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    sys.stdout.write(f"| {what} | {time.perf_counter() - began:.2f} |\n")


def measure(folder: Path, content: bytes, name: str) -> None:
    config = load_config(data_dir=folder)
    config.data_dir.mkdir(parents=True)
    database = create_database(config)
    upgrade(database)
    user, _ = accounts.register(database, config, username="ada", password="x" * 20)
    files = FileStore(config.files_dir)
    received = files.receive(io.BytesIO(content), config.max_upload_bytes)
    with database.db_transaction() as session:
        archive, _ = keep(session, files, received, user.id, filename="a.zip", media_type=ZIP)
    worker = Worker(config, database)
    with timed(f"{name}: unpacked"):
        worker.process_next()
    worker.close()
    with timed(f"{name}: found what it holds"), database.db_session() as session:
        archives.contents(session, {archive.id})
    with timed(f"{name}: marked deleted"), database.db_transaction() as session:
        deletions.mark_deleted(session, user.id, archive.id)
    database.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--files", type=int, default=5_000, help="default: %(default)s")
    parser.add_argument("--mib", type=int, default=240, help="default: %(default)s")
    options = parser.parse_args()
    sys.stdout.write("| archive | s |\n|---|---|\n")
    with tempfile.TemporaryDirectory() as folder:
        small = make_archive(options.files, 0)
        measure(Path(folder) / "small", small, f"{options.files:,} texts of 900 characters")
        large = make_archive(0, options.mib)
        measure(Path(folder) / "large", large, f"one table of {options.mib} MiB")


if __name__ == "__main__":
    main()
