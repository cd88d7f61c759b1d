"""What a question costs the server: processor time and statements, from event to end.

    .venv/bin/python scripts/bench/bench_question.py [--people 50] [--questions 400]

Every person asks one after the other, then all at the same time, over raw websockets. An answer
of 20 words comes from a provider in a process of its own, so the cost of 20 pieces is included.
What is said is embedded afterwards, when nobody waits; that is a row of its own.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench_stream_delay import Listener, run_stream_provider, wait_until_idle

from backend.config import load_config

sys.path.insert(0, str(Path(__file__).parents[2] / "backend" / "tests"))

from stream_load import MeasuredServer, prepare_people

_MODEL = "custom:prose 7 20 3"


async def ask(listeners: list[Listener], number: int, *, at_once: bool) -> None:
    questions = [
        listener.ask(_MODEL, f"How high is lighthouse {number} of harbour {harbour}?")
        for harbour, listener in enumerate(listeners)
    ]
    if at_once:
        await asyncio.gather(*questions)
        return
    for question in questions:
        await question


def row(name: str, before: dict[str, Any], after: dict[str, Any], questions: int) -> str:
    def each(figure: str) -> float:
        return float(after[figure] - before[figure]) / questions

    return (
        f"| {name} | {each('cpu_s') * 1000:.1f} | {each('statements'):.1f} | "
        f"{each('other_statements'):.1f} |\n"
    )


async def measure(server: MeasuredServer, listeners: list[Listener], rounds: int) -> None:
    for listener in listeners:
        await listener.connect(server.url, deflate=True)
    await ask(listeners, 0, at_once=True)  # warm
    sys.stdout.write("| a question | ms of processor | statements | of other threads |\n")
    sys.stdout.write("|---|---|---|---|\n")
    questions = rounds * len(listeners)
    for name, at_once in (("one after the other", False), ("all at the same time", True)):
        _, before = await wait_until_idle(server)
        for number in range(rounds):
            await ask(listeners, number, at_once=at_once)
        after = server.report()
        sys.stdout.write(row(name, before, after, questions))
    _, idle = await wait_until_idle(server)
    sys.stdout.write(row("embedding what was said, afterwards", after, idle, questions))
    problems = [listener.problem for listener in listeners if listener.problem]
    sys.stdout.write(f"\n{len(problems)} problems {problems[:2] or ''}\n")
    for listener in listeners:
        listener.socket.cut()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--questions", type=int, default=400, help="of each kind")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, run_stream_provider() as provider_url:
        data_dir = Path(folder) / "data"
        people = prepare_people(load_config(data_dir=data_dir), options.people, provider_url)
        with MeasuredServer(data_dir, Path(folder) / "server.log") as server:
            listeners = [Listener(person) for person in people]
            rounds = options.questions // options.people
            asyncio.run(measure(server, listeners, rounds))


if __name__ == "__main__":
    main()
