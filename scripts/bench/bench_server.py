"""How fast a warm server is ready, how much memory it takes at rest, and how quickly it answers
while a file of a thousand pages is taken in.

    .venv/bin/python scripts/bench/bench_server.py [--pages 1000]
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from bench_ingest import make_report
from person import Person

sys.path.insert(0, str(Path(__file__).parents[2] / "backend" / "tests"))

from server_process import ServerProcess

WARM_STARTS = 5
REST_S = 10
PAUSE_S = 0.02


def resident_mb(root_pid: int) -> dict[str, float]:
    """Return the resident memory in MB of a process and all below it, by process id."""
    table = subprocess.run(
        ["ps", "-eo", "pid,ppid,rss"], capture_output=True, text=True, check=True
    ).stdout.split("\n")[1:]
    rows = [tuple(map(int, line.split())) for line in table if line.strip()]
    wanted, found = {root_pid}, {}
    while True:
        new = [
            row for row in rows if row[0] not in found and (row[0] in wanted or row[1] in wanted)
        ]
        if not new:
            return {str(pid): kib * 1024 / 1e6 for pid, kib in found.items()}
        for pid, _parent, kib in new:
            found[pid] = kib
            wanted.add(pid)


def measure_starts(folder: Path) -> list[float]:
    """Return how many seconds each of several warm starts took until it was ready."""
    times = []
    for _ in range(WARM_STARTS + 1):
        began = time.monotonic()
        with ServerProcess(folder):
            times.append(time.monotonic() - began)
    return times[1:]  # the first makes the folder


def measure_live(server: ServerProcess, finished: threading.Event) -> list[float]:
    """Return the milliseconds of each call of /api/health/live until `finished`."""
    times = []
    while not finished.wait(PAUSE_S):
        began = time.perf_counter()
        with urllib.request.urlopen(server.url + "/api/health/live", timeout=30) as answer:
            answer.read()
        times.append((time.perf_counter() - began) * 1000)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=120, help="longest time to watch")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        starts = measure_starts(folder)
        with ServerProcess(folder) as server:
            time.sleep(REST_S)
            memory = resident_mb(server.process.pid)
            person = Person(server.url)
            report = make_report(arguments.pages)
            finished, times = threading.Event(), list[float]()
            watcher = threading.Thread(target=lambda: times.extend(measure_live(server, finished)))
            watcher.start()
            began = time.monotonic()
            document_id = person.upload("report.pdf", report)["id"]
            searchable_s = None
            while time.monotonic() - began < arguments.seconds:
                document = person.document(document_id)
                if searchable_s is None and document["status"] == "embedding":
                    searchable_s = time.monotonic() - began
                if document["status"] in ("ready", "failed"):
                    break
                time.sleep(0.5)
            finished.set()
            watcher.join()
    cuts = statistics.quantiles(times, n=100)
    rows = [
        ("ready after a warm start", f"{statistics.median(starts):.2f} s (most {max(starts):.2f})"),
        ("memory at rest, all processes", f"{sum(memory.values()):.0f} MB"),
        (f"{arguments.pages} pages: text read", f"{searchable_s or float('nan'):.1f} s"),
        ("/api/health/live meanwhile, p50", f"{cuts[49]:.1f} ms"),
        ("/api/health/live meanwhile, p99", f"{cuts[98]:.1f} ms of {len(times)} calls"),
    ]
    sys.stdout.write("| measure | result |\n|---|---|\n")
    sys.stdout.writelines(f"| {label} | {value} |\n" for label, value in rows)


if __name__ == "__main__":
    main()
