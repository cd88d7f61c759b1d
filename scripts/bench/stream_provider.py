"""A provider for load: speaks OpenAI's streaming protocol from one asyncio thread.

    python stream_provider.py [PORT]

The first line on stdout is the base URL. The model's name says what it sends:

    stamped COUNT MS BYTES   COUNT pieces of BYTES, MS apart, each beginning with the time
    prose SEED COUNT MS      COUNT words that follow from SEED
    cut SEED COUNT MS        the same, but the connection is closed in mid-answer
"""

import asyncio
import json
import random
import sys
import time

_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
    b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
)
_CHUNK = '{"id":"x","object":"chat.completion.chunk","created":1,"model":"m","choices":%s}'
_SYLLABLES = [
    *("ba", "de", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu", "va", "we", "xi"),
    *("sch", "tr", "ä", "é", "ю", "漢", "🗼"),
]


def words(seed: int, count: int) -> list[str]:
    """Return the same words for the same seed; some have characters of two to four bytes."""
    chance = random.Random(seed)
    return [
        "".join(chance.choices(_SYLLABLES, k=chance.randint(1, 4)))
        + chance.choice([" ", " ", " ", ", ", ". ", "\n\n"])
        for _ in range(count)
    ]


def stamp(size: int) -> str:
    """Return `size` characters that begin with the monotonic time in seconds."""
    return f"{time.monotonic():.6f}".ljust(size - 1, "x")[: size - 1] + " "


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        if head.startswith("get "):  # it lists no models
            writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
            return
        length = int(head.split("content-length:")[1].split("\r\n")[0])
        model = json.loads(await reader.readexactly(length))["model"]
        name, *numbers = model.split()
        await _stream(writer, name, *map(int, numbers))
    except (ConnectionError, asyncio.IncompleteReadError):
        pass  # the server under test hung up, or was killed
    finally:
        writer.close()


async def _stream(writer: asyncio.StreamWriter, name: str, first: int, *rest: int) -> None:
    writer.write(_HEAD)
    if name == "stamped":
        count, (pause_ms, size) = first, rest
        pieces = None
    else:
        count, pause_ms = rest
        pieces = words(first, count)
    due_s = time.monotonic()
    for number in range(count):
        if name == "cut" and number == count // 2:
            writer.transport.abort()
            return
        _send(writer, {"content": stamp(size) if pieces is None else pieces[number]})
        await writer.drain()
        due_s += pause_ms / 1000
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))
    _send(writer, {}, "stop")
    writer.write(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")
    await writer.drain()


def _send(writer: asyncio.StreamWriter, delta: dict[str, str], finish: str | None = None) -> None:
    choices = json.dumps([{"index": 0, "delta": delta, "finish_reason": finish}])
    data = f"data: {_CHUNK % choices}\n\n".encode()
    writer.write(b"%x\r\n%s\r\n" % (len(data), data))


async def _main(port: int) -> None:
    server = await asyncio.start_server(_answer, "127.0.0.1", port, backlog=1024)
    address = server.sockets[0].getsockname()
    sys.stdout.write(f"http://127.0.0.1:{address[1]}/v1\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
