"""A gate lets many pass at once and keeps all out while it is closed."""

import threading
from concurrent.futures import ThreadPoolExecutor

from backend.store.gate import Gate


def test_many_are_inside_at_the_same_time() -> None:
    gate = Gate()
    together = threading.Barrier(3)

    def visit() -> None:
        with gate.passed():
            together.wait(timeout=5)

    with ThreadPoolExecutor(3) as pool:
        for visitor in [pool.submit(visit) for _ in range(3)]:
            visitor.result()


def test_it_closes_once_all_have_left_and_nobody_enters_meanwhile() -> None:
    gate = Gate()
    happened: list[str] = []
    inside, leaving = threading.Event(), threading.Event()

    def stay() -> None:
        with gate.passed():
            inside.set()
            leaving.wait(timeout=5)
            happened.append("left")

    def close() -> None:
        with gate.closed():
            happened.append("closed")
            later.start()
            later.join(timeout=0.05)
            happened.append("opens")

    def enter() -> None:
        with gate.passed():
            happened.append("entered")

    later = threading.Thread(target=enter)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(stay)
        inside.wait(timeout=5)
        closing = pool.submit(close)
        leaving.set()
        first.result()
        closing.result()
    later.join(timeout=5)
    assert happened == ["left", "closed", "opens", "entered"]


def test_it_opens_again_after_an_exception() -> None:
    gate = Gate()
    for way in (gate.passed, gate.closed):
        try:
            with way():
                raise ValueError
        except ValueError:
            pass
    with gate.closed():
        pass
    with gate.passed():
        pass
