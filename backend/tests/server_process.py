"""Runs the real server, as a person does, on a free port and a temporary data folder."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

from postgres_server import free_port

READY_DEADLINE_S = 30


class ServerProcess:
    """A running `docchat serve`; a context manager that stops it at the end."""

    def __init__(self, data_dir: Path, **settings: str) -> None:
        self.data_dir = data_dir
        self.port = int(settings.get("PORT", free_port()))
        self.url = f"http://127.0.0.1:{self.port}"
        environment = {
            **os.environ,
            "HOST": "127.0.0.1",
            "DATA_DIR": str(data_dir),
            "CONVERSATION_TITLE_TIMEOUT_S": "0",
            **settings,
            "PORT": str(self.port),
        }
        # A file, since nobody would empty a pipe, and a full one stops the server.
        self._printed = tempfile.TemporaryFile(mode="a+", encoding="utf-8")  # noqa: SIM115
        self.process = subprocess.Popen(
            [sys.executable, "-m", "backend", "serve"],
            env=environment,
            stdout=self._printed,
            stderr=subprocess.STDOUT,
        )

    def wait_until_ready(self) -> None:
        """Return when /api/health/ready answers 200."""
        deadline = time.monotonic() + READY_DEADLINE_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended: {self.output()}")
            try:
                if self.get("/api/health/ready")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        self.stop()
        raise RuntimeError(f"the server did not become ready: {self.output()}")

    def get(self, path: str, **headers: str) -> tuple[int, Any]:
        """Return the status and the JSON body of a GET."""
        return self.call("GET", path, None, **headers)

    def call(self, method: str, path: str, body: Any, **headers: str) -> tuple[int, Any]:
        """Return the status and the JSON body (None if empty) of a request with a JSON body."""
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"null")

    def stop(self, signal_number: int = signal.SIGTERM) -> float:
        """Send the signal and return how many seconds the server took to end."""
        started = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(signal_number)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        return time.monotonic() - started

    def kill(self) -> None:
        """End the server at once, gunicorn's worker with it, as a power cut does."""
        for pid in [*self.worker_pids(), self.process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def worker_pids(self) -> list[int]:
        """Return the processes that the arbiter has forked."""
        listed = subprocess.run(
            ["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True
        ).stdout
        pairs = [line.split() for line in listed.splitlines()]
        return [int(pid) for pid, parent in pairs if int(parent) == self.process.pid]

    def output(self) -> str:
        """Return what the server has printed so far."""
        self._printed.seek(0)
        return self._printed.read()

    def close(self) -> None:
        """Forget what it printed; it has ended."""
        self._printed.close()

    def __enter__(self) -> "ServerProcess":
        self.wait_until_ready()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self.close()
