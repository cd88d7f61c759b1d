"""How long the server holds each piece of an answer, with hundreds of them at the same time.

    .venv/bin/python scripts/bench/bench_stream_delay.py [--streams 300] [--per-second 20]

The provider, a process of its own, sends every stream so many pieces a second, each with the
time at which it was sent; the clients, one connection for each stream, read these times. What
is added is the way through the server and both sockets, and the waiting of a piece that comes
sooner than 33 ms after the last one.
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from bisect import bisect
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from raw_socket import RawSocket

from backend.config import load_config

sys.path.insert(0, str(Path(__file__).parents[2] / "backend" / "tests"))

from stream_load import MeasuredServer, Person, prepare_people

_MOST = 0.95


@contextmanager
def run_stream_provider() -> Iterator[str]:
    """Run the provider; yield its base URL."""
    script = Path(__file__).with_name("stream_provider.py")
    process = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


class Listener:
    """One person's connection: notes the delay of each piece and what went wrong."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.pieces: list[tuple[float, float]] = []  # when each came, its delay in ms
        self.first_ms: float | None = None
        self.events = 0
        self.problem: str | None = None
        self._text = ""
        self._ended = asyncio.Event()

    async def connect(self, url: str, *, deflate: bool) -> None:
        self.socket = RawSocket(url, self.person.token, self._receive, deflate=deflate)
        await self.socket.connect()

    async def ask(self, model: str, question: str = "How high is the lighthouse?") -> None:
        """Ask and wait for the end."""
        self._text, self.events = "", 0
        self._ended.clear()
        try:
            ack = await self.socket.call(
                "chat_message",
                {
                    "conversation_id": self.person.conversation_id,
                    "message": question,
                    "model": model,
                },
            )
            if not ack["ok"]:
                self.problem = str(ack["error"])
                return
            await asyncio.wait_for(self._ended.wait(), 300)
        except (TimeoutError, ConnectionError) as error:
            self.problem = repr(error)

    def _receive(self, name: str, data: dict[str, Any]) -> None:
        if name == "chat_response_chunk":
            now_s = time.monotonic()
            if data["offset"] != len(self._text):
                self.problem = f"offset {data['offset']} after {len(self._text)}"
            self.events += 1
            self._text += data["text"]
            # The server's own first sentence, that nothing was found, bears no time.
            for word in data["text"].split():
                if word[0].isdigit() and "." in word:
                    delay_ms = (now_s - float(word.rstrip("x"))) * 1000
                    self.pieces.append((now_s, delay_ms))
                    self.first_ms = self.first_ms or delay_ms
        elif name == "chat_response_end":
            if data["message"]["content"] != self._text:
                self.problem = "the end differs from the pieces"
            self._ended.set()
        elif name == "chat_response_error":
            self.problem = str(data["error"])
            self._ended.set()


def quantiles(values: list[float]) -> str:
    cuts = statistics.quantiles(values, n=1000)
    return (
        f"p50 {cuts[499]:.1f}, p99 {cuts[989]:.1f}, p99.9 {cuts[998]:.1f}, most {max(values):.0f}"
    )


def while_most_run(streams: list[list[tuple[float, float]]]) -> list[float]:
    """Return the delays of the pieces that came while nearly all streams were running."""
    beginnings = sorted(pieces[0][0] for pieces in streams)
    ends = sorted(pieces[-1][0] for pieces in streams)
    return [
        delay_ms
        for pieces in streams
        for at_s, delay_ms in pieces
        if bisect(beginnings, at_s) - bisect(ends, at_s) >= _MOST * len(streams)
    ]


async def wait_until_idle(server: MeasuredServer) -> tuple[float, dict[str, Any]]:
    """Wait until the server hardly works, and for it to tidy up.

    Return the seconds until it hardly worked and its report in the end.
    """
    began_s = time.monotonic()
    used_s, before_s = server.report()["cpu_s"], -1.0
    while used_s - before_s > 0.1:
        await asyncio.sleep(2)
        used_s, before_s = server.report()["cpu_s"], used_s
    took_s = time.monotonic() - began_s
    await asyncio.sleep(5)
    return took_s, server.report()


async def measure(server: MeasuredServer, people: list[Person], options: Any) -> None:
    listeners = [Listener(person) for person in people]
    for listener in listeners:
        await listener.connect(server.url, deflate=not options.plain)
    # Warm: threads, compression, caches, the allocator's arenas.
    rate = options.per_second
    warm = f"custom:stamped {rate * options.warm_seconds} {1000 // rate} {options.bytes}"
    await asyncio.gather(*(listener.ask(warm) for listener in listeners))
    _, before = await wait_until_idle(server)
    model = f"custom:stamped {rate * options.seconds} {1000 // rate} {options.bytes}"

    async def ask(number: int) -> None:
        # Over some seconds, since what is measured here is streaming and not searching.
        await asyncio.sleep(number * options.ramp / len(listeners))
        listeners[number].pieces, listeners[number].first_ms = [], None
        await listeners[number].ask(model)

    began_s = time.monotonic()
    await asyncio.gather(*(ask(number) for number in range(len(listeners))))
    took_s = time.monotonic() - began_s
    await asyncio.sleep(5)
    after = server.report()
    idle_after_s, idle = await wait_until_idle(server)
    streams = [listener.pieces for listener in listeners if listener.pieces]
    delays = [delay_ms for pieces in streams for _, delay_ms in pieces]
    crowded = while_most_run(streams)
    firsts = [listener.first_ms for listener in listeners if listener.first_ms is not None]
    problems = [listener.problem for listener in listeners if listener.problem]
    pieces = sum(listener.events for listener in listeners)
    rows = [
        ("errors, gaps, wrong ends", f"{len(problems)} {problems[:2] or ''}"),
        ("provider's pieces / events", f"{len(delays)} / {pieces}"),
        ("added delay of a piece, ms", quantiles(delays)),
        (
            f"the same while {_MOST:.0%} of the streams run, "
            f"{len(crowded) / len(delays):.0%} of all pieces",
            quantiles(crowded) if len(crowded) > 1 else "never",
        ),
        ("added delay of the first, ms", quantiles(firsts)),
        (
            "the server's processor time",
            f"{(after['cpu_s'] - before['cpu_s']) / took_s:.0%} of a core",
        ),
        (
            "the server's processor time for a piece, its share of the question included",
            f"{(after['cpu_s'] - before['cpu_s']) / len(delays) * 1e6:.0f} µs",
        ),
        (
            "memory before, 5 s after, and once all that was said is embedded",
            f"{before['rss_mb']:.0f} MB, {after['rss_mb']:.0f} MB, {idle['rss_mb']:.0f} MB "
            f"after {idle_after_s:.0f} s",
        ),
    ]
    sys.stdout.write(
        f"| {len(people)} streams, {rate} pieces of {options.bytes} bytes a second, "
        f"{options.seconds} s | |\n|---|---|\n"
    )
    sys.stdout.writelines(f"| {name} | {value} |\n" for name, value in rows)
    for listener in listeners:
        listener.socket.cut()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=300)
    parser.add_argument("--per-second", type=int, default=20, help="pieces of each stream")
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--warm-seconds", type=int, default=2, help="of streams beforehand")
    parser.add_argument("--bytes", type=int, default=24, help="size of a piece, at least 20")
    parser.add_argument("--ramp", type=float, default=10, help="seconds over which all begin")
    parser.add_argument("--plain", action="store_true", help="without compression")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, run_stream_provider() as provider_url:
        data_dir = Path(folder) / "data"
        people = prepare_people(load_config(data_dir=data_dir), options.streams, provider_url)
        with MeasuredServer(data_dir, Path(folder) / "server.log") as server:
            asyncio.run(measure(server, people, options))


if __name__ == "__main__":
    main()
