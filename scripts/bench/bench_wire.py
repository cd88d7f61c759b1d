"""What an answer costs on the wire, in bytes received by one client for each byte of its text.

    .venv/bin/python scripts/bench/bench_wire.py

A model of ordinary speed sends words; the client counts every byte from the question to the
end: start, pieces, end, acks, frames, for long polling also the HTTP headers.
"""

import argparse
import asyncio
import gzip
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench_stream_delay import run_stream_provider
from raw_socket import RawSocket

from backend.config import load_config

sys.path.insert(0, str(Path(__file__).parents[2] / "backend" / "tests"))

from stream_load import MeasuredServer, Person, prepare_people

SPEEDS = (20, 40, 80)  # words a second
LENGTHS = (50, 200, 800, 3_000)  # words


class Count:
    """What one answer cost."""

    def __init__(self) -> None:
        self.events = 0
        self.text = ""
        self.first_s: float | None = None
        self.ended = asyncio.Event()

    def receive(self, name: str, data: dict[str, Any]) -> None:
        if name == "chat_response_chunk":
            self.events += 1
            self.text += data["text"]
        elif name in ("chat_response_end", "chat_response_error"):
            self.ended.set()


async def over_websocket(
    url: str, person: Person, model: str, *, deflate: bool
) -> tuple[Count, int]:
    count = Count()
    socket = RawSocket(url, person.token, count.receive, deflate=deflate)
    await socket.connect()
    before = socket.received_bytes
    await socket.call("chat_message", _question(person, model))
    await asyncio.wait_for(count.ended.wait(), 300)
    received = socket.received_bytes - before
    socket.cut()
    return count, received


async def over_polling(url: str, person: Person, model: str) -> tuple[Count, int]:
    """As a page behind a proxy that lets no websocket through; browsers ask for gzip."""
    count, received = Count(), 0
    host, port = url.removeprefix("http://").split(":")

    async def request(method: str, query: str, body: str = "") -> str:
        nonlocal received
        reader, writer = await asyncio.open_connection(host, int(port))
        data = body.encode()
        writer.write(
            f"{method} /socket.io/?EIO=4&transport=polling{query} HTTP/1.1\r\nHost: {host}\r\n"
            "Accept-Encoding: gzip\r\nConnection: close\r\nContent-Type: text/plain\r\n"
            f"Content-Length: {len(data)}\r\n\r\n".encode()
            + data
        )
        answer = await reader.read()
        writer.close()
        received += len(answer)
        head, _, content = answer.partition(b"\r\n\r\n")
        if b"chunked" in head.lower():
            content = _joined(content)
        return (gzip.decompress(content) if b"gzip" in head else content).decode()

    sid = json.loads((await request("GET", ""))[1:])["sid"]
    await request("POST", f"&sid={sid}", "40" + json.dumps({"token": person.token}))
    await request("GET", f"&sid={sid}")
    received = 0
    await request(
        "POST", f"&sid={sid}", "420" + json.dumps(["chat_message", _question(person, model)])
    )
    while not count.ended.is_set():
        for packet in (await request("GET", f"&sid={sid}")).split("\x1e"):
            if packet == "2":
                await request("POST", f"&sid={sid}", "3")
            elif packet.startswith("42"):
                count.receive(*json.loads(packet[2:]))
    return count, received


def _joined(chunked: bytes) -> bytes:
    """Return the body of a response in chunks."""
    body = b""
    while chunked:
        size, _, chunked = chunked.partition(b"\r\n")
        body, chunked = body + chunked[: int(size, 16)], chunked[int(size, 16) + 2 :]
    return body


def _question(person: Person, model: str) -> dict[str, str]:
    return {"conversation_id": person.conversation_id, "message": "How high?", "model": model}


async def measure(url: str, people: list[Person], lengths: list[int]) -> None:
    runs = []
    for speed in SPEEDS:
        for words in lengths:
            model = f"custom:prose {words} {words} {1000 // speed}"
            ways = [
                over_websocket(url, people.pop(), model, deflate=True),
                over_websocket(url, people.pop(), model, deflate=False),
                over_polling(url, people.pop(), model),
            ]
            runs.append((speed, words, asyncio.gather(*ways)))
    began_s = time.monotonic()
    sys.stdout.write(
        "| words a second | words | bytes of text | events | websocket, compressed | the same less "
        "4 KiB | websocket, plain | long polling |\n|---|---|---|---|---|---|---|---|\n"
    )
    for speed, words, run in runs:
        (count, deflated), (_, plain), (_, polled) = await run
        size = len(count.text.encode())
        sys.stdout.write(
            f"| {speed} | {words} | {size} | {count.events} | {deflated / size:.2f} | "
            f"{max(0, deflated - 4096) / size:.2f} | {plain / size:.1f} | {polled / size:.1f} |\n"
        )
    sys.stdout.write(f"\nMeasured in {time.monotonic() - began_s:.0f} s.\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--words", type=int, nargs="+", default=LENGTHS)
    options = parser.parse_args()
    count = 3 * len(SPEEDS) * len(options.words)
    with tempfile.TemporaryDirectory() as folder, run_stream_provider() as provider_url:
        data_dir = Path(folder) / "data"
        people = prepare_people(load_config(data_dir=data_dir), count, provider_url)
        with MeasuredServer(data_dir, Path(folder) / "server.log") as server:
            asyncio.run(measure(server.url, people, options.words))


if __name__ == "__main__":
    main()
