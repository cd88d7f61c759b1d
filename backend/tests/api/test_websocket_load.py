"""A pool of five database connections carries two hundred answers at the same time.

Heavier and longer: scripts/bench/bench_streams.py.
"""

import platform
from collections.abc import Iterator

import pytest

from stream_load import Client, MeasuredServer, ask_all, run_house

CLIENTS = 200
# Twenty-four words, four a second.
SLOW, STREAM_S = "custom:slow 24 250", 6.0
QUICK = "custom:slow 3 5"


@pytest.fixture(scope="module")
def house(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[MeasuredServer, list[Client]]]:
    with run_house(tmp_path_factory.mktemp("load"), CLIENTS, DB_POOL_SIZE="5") as running:
        yield running


def problems(clients: list[Client]) -> list[str]:
    return [client.problem for client in clients if client.problem is not None]


def test_two_hundred_people_are_answered_at_the_same_time(
    house: tuple[MeasuredServer, list[Client]],
) -> None:
    server, clients = house
    assert problems(clients) == []
    ask_all(clients, SLOW)
    assert problems(clients) == []
    assert all(client.text for client in clients)
    report = server.report_at_rest()
    assert report["checked_out_most"] <= 5
    # Every stream is longer than the longest time any connection was away from the pool, and
    # the pool was often whole while they ran: no stream held one.
    assert report["longest_checkout_s"] < STREAM_S
    assert report["idle_samples"] > report["samples"] / 20


def test_messages_leave_neither_connections_nor_memory_behind(
    house: tuple[MeasuredServer, list[Client]],
) -> None:
    server, clients = house
    some = clients[:40]
    for _ in range(3):
        ask_all(some, QUICK)
    before = server.report()
    for _ in range(7):
        ask_all(some, QUICK)
    assert problems(some) == []
    after = server.report_at_rest()
    # The pool may have been filled up meanwhile, three files a connection; one file an answer
    # would be 280 more.
    assert after["open_files"] <= before["open_files"] + 3 * 5
    assert after["threads"] <= before["threads"] + len(some)
    assert after["rss_mb"] < before["rss_mb"] + 15


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc alone tells and does it")
def test_large_blocks_of_memory_are_taken_and_given_back_one_by_one(
    house: tuple[MeasuredServer, list[Client]],
) -> None:
    server, _ = house
    assert server.report()["large_blocks"] > 20  # three or so by itself
