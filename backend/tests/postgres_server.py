"""A PostgreSQL server of the tests' own: temporary folder, free port, stopped at the end."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_START_DEADLINE_S = 30


def find_binaries() -> Path | None:
    """Return the folder of `initdb` and `postgres`, or None where PostgreSQL is not installed."""
    on_path = shutil.which("postgres")
    if on_path:
        return Path(on_path).resolve().parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return found[-1].parent if found else None


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def run_postgres(binaries: Path) -> Iterator[str]:
    """Run a fresh server and give its SQLAlchemy URL (database `postgres`)."""
    # The server refuses to run as root; Debian's package brings the user `postgres`.
    as_user = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="docchat-postgres-"))
    try:
        if as_user:
            shutil.chown(folder, **as_user)
        data = folder / "data"
        subprocess.run(
            [binaries / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "-N"],
            check=True, capture_output=True, cwd=folder, **as_user,
        )  # fmt: skip
        port = free_port()
        options = ["-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
        server = subprocess.Popen(
            [binaries / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port), *options],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, **as_user,
        )  # fmt: skip
        try:
            _wait_until_ready(binaries, port, server)
            yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
        finally:
            server.terminate()
            server.wait(timeout=20)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_ready(binaries: Path, port: int, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_DEADLINE_S
    command = [binaries / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    while time.monotonic() < deadline and server.poll() is None:
        if subprocess.run(command, check=False).returncode == 0:
            return
        time.sleep(0.05)
    raise RuntimeError("PostgreSQL did not start")
