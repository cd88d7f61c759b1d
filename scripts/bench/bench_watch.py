"""How long a pass over a watched folder takes: the first one, and one without changes.

.venv/bin/python scripts/bench/bench_watch.py [--files 10000]
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from backend.clock import utc_now
from backend.config import load_config
from backend.db.migrate import upgrade
from backend.db.repositories import users
from backend.db.session import create_database
from backend.ingest.watch.reconcile import Reconciler

FILES_A_FOLDER = 100


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=10_000)
    count = parser.parse_args().files
    with tempfile.TemporaryDirectory() as name:
        root = Path(name).resolve()
        for number in range(count):
            folder = root / "watched" / f"{number // FILES_A_FOLDER:04}"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{number}.txt").write_text(f"Document number {number}.\n")
        config = load_config(data_dir=root / "data", watch_quiet_s=0)
        config.data_dir.mkdir()
        database = create_database(config)
        upgrade(database)
        with database.db_transaction() as session:
            user = users.add(
                session,
                username="ada",
                username_key="ada",
                password_hash="-",  # noqa: S106 - nobody logs in
                role="admin",
                created_at=utc_now(),
            )
        reconciler = Reconciler(config, database, user.id)
        for what in ("all files are new", "no changes", "no changes, again"):
            before_mb, began_at = _peak_mb(), time.perf_counter()
            result = reconciler.run(os.fsencode(root / "watched"))
            lasted_s = time.perf_counter() - began_at
            grown_mb = _peak_mb() - before_mb
            sys.stdout.write(
                f"{what}: {lasted_s:.2f} s, peak memory +{grown_mb:.0f} MB, {result}" + "\n"
            )
        database.close()


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
