"""A Redis server of the tests' own: free port, nothing on disk, stopped at the end."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from postgres_server import free_port

_START_DEADLINE_S = 10


@contextmanager
def run_redis(binary: str) -> Iterator[str]:
    """Run a fresh server and give its URL."""
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    server = subprocess.Popen([binary, *options], stdout=subprocess.DEVNULL)
    try:
        _wait_until_ready(port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(timeout=10)


def _wait_until_ready(port: int) -> None:
    deadline = time.monotonic() + _START_DEADLINE_S
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("Redis did not start")
