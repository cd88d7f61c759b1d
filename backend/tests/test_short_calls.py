"""Calls into C against what Python's own modules do."""

import random
import socket
import zlib

import pytest

from backend.short_calls import Deflater, send_now


@pytest.mark.parametrize("window_bits", [9, 15])
@pytest.mark.parametrize("seed", range(5))
def test_each_message_is_restored_by_zlib_from_the_bytes_of_its_flush(
    window_bits: int, seed: int
) -> None:
    chance = random.Random(seed)
    deflater, inflater = Deflater(window_bits), zlib.decompressobj(-window_bits)
    for size in [0, 1, 170, 8192, 8193, 300_000, *(chance.randint(1, 5000) for _ in range(50))]:
        message = chance.choice([chance.randbytes(size), b"abc, " * (size // 5), b"\0" * size])
        half = len(message) // 2
        assert deflater.compress(message[:half]) == deflater.compress(message[half:]) == b""
        assert inflater.decompress(deflater.flush(zlib.Z_SYNC_FLUSH)) == message


def test_messages_are_matched_with_those_before() -> None:
    deflater = Deflater(15)
    message = random.Random(1).randbytes(500)
    sizes = []
    for _ in range(3):
        deflater.compress(message)
        sizes.append(len(deflater.flush(zlib.Z_SYNC_FLUSH)))
    assert sizes[0] > 500 > 30 > sizes[1] >= sizes[2]


def test_a_window_that_zlib_does_not_have_is_refused() -> None:
    with pytest.raises(OSError, match="zlib refused"):
        Deflater(99)


def test_a_socket_takes_what_it_has_room_for_and_no_more() -> None:
    here, there = socket.socketpair()
    with here, there:
        data = bytes(range(256)) * 64
        sent = 0
        while took := send_now(here, data):
            sent += took
        assert sent > len(data)
        received = b""
        while len(received) < sent:
            received += there.recv(65536)
        assert received.startswith(data)
        assert send_now(here, b"more") == 4
        assert there.recv(10) == b"more"


def test_a_lost_connection_is_an_error_and_no_signal() -> None:
    here, there = socket.socketpair()
    there.close()
    with here, pytest.raises(BrokenPipeError):
        send_now(here, b"x")
