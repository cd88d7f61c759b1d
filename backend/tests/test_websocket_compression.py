"""Compression that lets go of its memory, and what a client makes of that."""

import gc
import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Message, Ping, Request, TextMessage
from wsproto.extensions import PerMessageDeflate

from backend import short_calls
from backend.process_memory import return_large_blocks
from backend.websocket_compression import Compressors

_FOREVER_S = 1e9


class Pair:
    """A server's half of a websocket and a client that decompresses what it says."""

    def __init__(self, compressors: Compressors) -> None:
        self.server = WSConnection(ConnectionType.SERVER)
        client = WSConnection(ConnectionType.CLIENT)
        self._client = client
        request = Request(host="here", target="/", extensions=[PerMessageDeflate()])
        self.server.receive_data(client.send(request))
        list(self.server.events())
        self.sent_bytes = 0
        self.tell(self.server.send(AcceptConnection(extensions=[compressors.extension()])))

    def tell(self, data: bytes) -> str:
        self.sent_bytes = len(data)
        self._client.receive_data(data)
        events = list(self._client.events())
        return "".join(str(event.data) for event in events if isinstance(event, Message))

    def say(self, text: str) -> str:
        """Return what the client reads when the server says `text`."""
        return self.tell(self.server.send(TextMessage(data=text)))


def sentence(seed: int, words: int = 60) -> str:
    chance = random.Random(seed)
    return " ".join("".join(chance.choices("abcdefghij", k=9)) for _ in range(words))


def test_a_client_reads_on_when_the_compressor_was_released() -> None:
    compressors = Compressors()
    pair = Pair(compressors)
    for number in range(50):
        assert pair.say(f"{number}: {sentence(number % 7)}") == f"{number}: {sentence(number % 7)}"
        if number % 3 == 0:
            assert compressors.release_unused(0) == 1


def test_what_was_said_before_is_forgotten_with_the_compressor_only() -> None:
    compressors = Compressors()
    pair = Pair(compressors)
    sizes = []
    for _ in range(2):
        pair.say(sentence(1))
        sizes.append(pair.sent_bytes)
    assert compressors.release_unused(0) == 1
    pair.say(sentence(1))
    assert pair.sent_bytes == sizes[0] > 5 * sizes[1]


def test_one_in_use_is_kept() -> None:
    compressors = Compressors()
    pair = Pair(compressors)
    pair.say(sentence(1))
    assert compressors.release_unused(_FOREVER_S) == 0
    pair.say(sentence(1))
    assert pair.sent_bytes < 60
    assert compressors.release_unused(0) == 1
    assert compressors.release_unused(0) == 0


@pytest.mark.parametrize("beginning", [sentence(1), "2"])
def test_none_is_released_in_the_middle_of_a_message(beginning: str) -> None:
    compressors = Compressors()
    pair = Pair(compressors)
    half = pair.server.send(TextMessage(data=beginning, message_finished=False))
    assert compressors.release_unused(0) == 0
    heard = pair.tell(half + pair.server.send(TextMessage(data=sentence(2))))
    assert heard == beginning + sentence(2)
    assert compressors.release_unused(0) == 1


def test_pings_and_the_like_need_none() -> None:
    compressors = Compressors()
    pair = Pair(compressors)
    assert pair.say("2") == "2"
    assert pair.sent_bytes == 3
    assert pair.say("") == ""
    pair.tell(pair.server.send(Ping(payload=b"still there?")))
    assert compressors.release_unused(0) == 0
    assert pair.say("2" * 16) == "2" * 16
    assert compressors.release_unused(0) == 1


def test_a_compressor_goes_with_its_websocket() -> None:
    compressors = Compressors()
    pairs = [Pair(compressors) for _ in range(3)]
    for pair in pairs:
        pair.say(sentence(1))
    del pair, pairs[0]
    gc.collect()  # a websocket refers to itself
    assert compressors.release_unused(0) == 2


def test_releasing_while_others_speak_harms_nobody() -> None:
    compressors = Compressors()
    wrong: list[tuple[str, str]] = []
    released: list[int] = []

    def talk(seed: int) -> None:
        pair = Pair(compressors)
        for number in range(300):
            text = f"{number} {sentence(seed + number % 5, words=number % 90)}"
            if (heard := pair.say(text)) != text:
                wrong.append((text, heard))
            if number % 4 == seed:
                released.append(compressors.release_unused(0))

    threads = [threading.Thread(target=talk, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert sum(released) >= 300


@pytest.fixture
def _no_libz(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(short_calls, "_LIBRARY", "no-such-library.so")
    short_calls._libz.cache_clear()
    yield
    short_calls._libz.cache_clear()


@pytest.mark.usefixtures("_no_libz")
def test_pythons_zlib_does_it_where_the_system_has_none() -> None:
    compressors = Compressors()
    pair = Pair(compressors)
    for _ in range(2):
        assert pair.say(sentence(1)) == sentence(1)
    assert pair.sent_bytes < 60
    assert compressors.release_unused(0) == 1
    assert pair.say(sentence(1)) == sentence(1)


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def bytes_given_back() -> int:
    """Return how much less a process has after 100 compressors were released."""
    return_large_blocks()
    compressors = Compressors()
    pairs = [Pair(compressors) for _ in range(100)]
    for pair in pairs:
        pair.say(sentence(1, words=7_000))  # longer than a window
    before = resident_bytes()
    assert compressors.release_unused(0) == len(pairs)
    return before - resident_bytes()


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells")
def test_the_memory_of_compressors_goes_back_to_the_system() -> None:
    code = f"import {__name__} as this; print(this.bytes_given_back())"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    measured = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, check=True
    )
    assert int(measured.stdout) > 100 * 240_000
