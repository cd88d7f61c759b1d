"""Takes in made-up files for minutes while worker and server are killed at random.

Runs a real server on a data folder of its own, uploads texts and PDFs over HTTP, cancels
and deletes some, and ends processes by SIGKILL. At the end every document must have
reached its final state without help, and `docchat doctor` must find nothing.

    .venv/bin/python scripts/bench/soak_ingest.py [--minutes 10] [--seed 0]
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx
from made_up_text import make_line
from person import ENDED, Person

sys.path.insert(0, str(Path(__file__).parents[2] / "backend" / "tests"))

from pdf_maker import make_pdf
from postgres_server import free_port
from server_process import ServerProcess
from zip_maker import make_archive

SETTLE_S = 600
WAITING_WANTED = 30  # uploads pause while so many documents are on their way
BROKEN_SHARE = 0.1
ARCHIVE_SHARE = 0.1


class Soak:
    """The server under test, what was sent to it and what was done to it."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.folder = folder
        self.port = free_port()
        self.counts: Counter[str] = Counter()
        self.restart_s: list[float] = []
        self.server = self.start()
        self.person = Person(self.server.url)

    def start(self) -> ServerProcess:
        began = time.monotonic()
        server = ServerProcess(
            self.folder,
            PORT=str(self.port),
            INGEST_RETRY_BASE_S="0.5",
            EMBEDDING_BATCH_CHUNKS="16",
            LOG_LEVEL="ERROR",
        )
        server.wait_until_ready()
        self.restart_s.append(time.monotonic() - began)
        return server

    def upload(self) -> None:
        self.person.upload(*self.make_file())
        self.counts["uploads answered"] += 1

    def make_file(self) -> tuple[str, bytes]:
        number = self.chance.randrange(10**9)
        if self.chance.random() < BROKEN_SHARE:
            return f"broken {number}.pdf", b"%PDF-1.7\nbroken " + str(number).encode()
        pages = [
            "\n".join(make_line(self.chance) for _ in range(30))
            for _ in range(self.chance.choice([1, 2, 8]))
        ]
        if self.chance.random() < ARCHIVE_SHARE:
            texts = {f"{n}.txt": page for n, page in enumerate(pages)}
            return f"archive {number}.zip", make_archive(
                {**texts, "inner.zip": make_archive(texts)}
            )
        if self.chance.random() < 0.5:
            return f"report {number}.pdf", make_pdf(pages)
        return f"notes {number}.txt", "\n\n".join(pages).encode()

    def disturb(self) -> None:
        """Cancel or delete something now and then."""
        documents = self.person.documents()
        if documents and self.chance.random() < 0.3:
            document = self.chance.choice(documents)
            if self.chance.random() < 0.5:
                self.person.call("DELETE", f"/api/documents/{document['id']}")
                self.counts["documents deleted"] += 1
            elif document["status"] not in ENDED:
                self.person.call("POST", f"/api/documents/{document['id']}/cancel")
                self.counts["documents canceled"] += 1

    def kill_worker(self) -> None:
        pids = self.processes("worker")
        if pids:
            os.kill(pids[0], signal.SIGKILL)
            self.counts["workers killed"] += 1

    def kill_server(self) -> None:
        """End the server's processes at once; the worker must notice by itself."""
        for pid in self.processes("serve"):
            os.kill(pid, signal.SIGKILL)
        self.server.process.wait()
        self.server.close()
        self.counts["servers killed"] += 1
        self.server = self.start()

    def processes(self, command: str) -> list[int]:
        """Return our server's processes of that command, by the data folder they work on."""
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                arguments = (path / "cmdline").read_bytes().split(b"\0")
                environment = (path / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            is_ours = f"DATA_DIR={self.folder}".encode() in environment
            if is_ours and b"backend" in arguments and command.encode() in arguments:
                found.append(int(path.name))
        return found

    def run(self, minutes: float) -> None:
        ends_at = time.monotonic() + minutes * 60
        next_kill = time.monotonic() + 3
        while time.monotonic() < ends_at:
            try:
                on_their_way = sum(d["status"] not in ENDED for d in self.person.documents())
                if on_their_way < WAITING_WANTED:
                    self.upload()
                self.disturb()
            except httpx.HTTPError:
                self.counts["requests lost"] += 1
            if time.monotonic() > next_kill:
                (self.kill_server if self.chance.random() < 0.25 else self.kill_worker)()
                next_kill = time.monotonic() + self.chance.uniform(0.2, 8)
            time.sleep(0.1)

    def settle(self) -> float:
        """Wait until every document has ended; return how many seconds that took."""
        began = time.monotonic()
        while any(document["status"] not in ENDED for document in self.person.documents()):
            if time.monotonic() - began > SETTLE_S:
                break
            time.sleep(0.5)
        return time.monotonic() - began


def examine(folder: Path) -> str:
    """Return what `docchat doctor` finds."""
    run = subprocess.run(
        [sys.executable, "-m", "backend", "doctor"],
        env={**os.environ, "DATA_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode == 0:
        return "clean"
    return f"exit {run.returncode}: {' '.join((run.stdout + run.stderr).split())[-300:]}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=10.0, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        soak = Soak(folder, options.seed)
        try:
            soak.run(options.minutes)
            settled_s = soak.settle()
            documents = soak.person.documents()
            time.sleep(2)  # deleted documents' rows and files go
            doctor = examine(folder)
        finally:
            soak.server.stop()
    open_count = sum(document["status"] not in ENDED for document in documents)
    reasons = Counter(document["error"]["code"] for document in documents if document["error"])
    rows = [
        (f"{options.minutes:g} minutes, seed {options.seed}", "result"),
        ("---", "---"),
        *((what, str(count)) for what, count in sorted(soak.counts.items())),
        ("longest start of the server", f"{max(soak.restart_s):.1f} s"),
        ("documents at the end", str(len(documents))),
        *((f"… {status}", str(n)) for status, n in Counter(d["status"] for d in documents).items()),
        *((f"… failed: {code}", str(n)) for code, n in reasons.items()),
        ("not in a final state", str(open_count)),
        (
            "ready without passages",
            str(sum(d["status"] == "ready" and not d["chunk_count"] for d in documents)),
        ),
        ("seconds until the last one ended", f"{settled_s:.1f}"),
        ("doctor", doctor),
    ]
    sys.stdout.writelines(f"| {' | '.join(row)} |\n" for row in rows)
    return 0 if open_count == 0 and doctor == "clean" else 1


if __name__ == "__main__":
    sys.exit(main())
