"""How the server carries many answers at once: times, database connections, memory.

.venv/bin/python scripts/bench/bench_streams.py [--people 200] [--messages 2000]
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "backend" / "tests"))

from stream_load import Client, MeasuredServer, ask_all, run_house

SLOW = "custom:slow 40 250"  # forty words, four a second
QUICK = "custom:slow 5 20"
FIGURES = (
    "checkouts",
    "checked_out_now",
    "checked_out_most",
    "longest_checkout_s",
    "threads",
    "open_files",
    "rss_mb",
    "cpu_s",
)


def show(server: MeasuredServer, title: str) -> None:
    report = server.report()
    idle = report["idle_samples"] / max(1, report["samples"])
    figures = "  ".join(f"{name} {report[name]}" for name in FIGURES)
    sys.stdout.write(f"{title}: {figures}  pool idle {idle:.0%} of samples\n")


def ask(clients: list[Client], model: str) -> None:
    took_s = ask_all(clients, model)
    problems = [client.problem for client in clients if client.problem is not None]
    first = statistics.quantiles([client.first_text_s for client in clients], n=100)
    sys.stdout.write(
        f"  {len(clients)} answers in {took_s:.1f} s; first text after p50 {first[49]:.2f} s, "
        f"p99 {first[98]:.2f} s; problems: {len(problems)} {problems[:3]}\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--messages", type=int, default=2_000)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        run_house(Path(folder), options.people, DB_POOL_SIZE="5") as (server, clients),
    ):
        show(server, "connected")
        ask(clients, SLOW)
        show(server, "after slow answers")
        for done in range(0, options.messages, options.people):
            ask(clients, QUICK)
            show(server, f"after {done + options.people} more messages")


if __name__ == "__main__":
    main()
