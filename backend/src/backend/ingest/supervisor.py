"""Keeps processes running beside the server: the ingest worker, and what watches folders."""

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

from pydantic import SecretStr

from backend.config import Config

logger = logging.getLogger(__name__)

_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 30.0
# A worker that lived this long, or was ended by a signal, had been able to start: a file
# has ended it, and the next one starts without a long pause.
_STARTED_AFTER_S = 2.0


class WorkerSupervisor:
    """Starts `python -m backend worker`, or another command, again whenever it ends.

    The worker's standard input is a pipe of ours, so it learns of our death, however we die.
    """

    def __init__(
        self, config: Config, command: Sequence[str] = ("-m", "backend", "worker")
    ) -> None:
        """`command` is what Python is given to become a worker."""
        self._config = config
        self._command = command
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, name="ingest-supervisor", daemon=True)

    def start(self) -> None:
        """Start the worker and return at once."""
        self._thread.start()

    def stop(self) -> None:
        """End the worker within SHUTDOWN_TIMEOUT_S; its job is given back."""
        self._stopping.set()
        with self._lock:
            process = self._process
        if process is not None:
            process.terminate()
            try:
                process.wait(self._config.shutdown_timeout_s)
            except subprocess.TimeoutExpired:
                logger.warning("worker did not stop in time")
                process.kill()
        if self._thread.is_alive():
            self._thread.join(self._config.shutdown_timeout_s)

    @property
    def worker_pid(self) -> int | None:
        """The process id of the running worker, None between two."""
        with self._lock:
            process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def _run(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while True:
            started_at = time.monotonic()
            with self._lock:
                if self._stopping.is_set():
                    return
                self._process = self._start_worker()
            status = self._process.wait()
            self._close_pipe()
            if self._stopping.is_set():
                return
            lived_s = time.monotonic() - started_at
            had_started = status < 0 or lived_s > _STARTED_AFTER_S
            pause_s = _FIRST_PAUSE_S if had_started else pause_s
            logger.warning("worker ended", extra={"status": status, "restart_in_s": pause_s})
            self._stopping.wait(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    def _start_worker(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, *self._command],
            stdin=subprocess.PIPE,
            env={**os.environ, **worker_environment(self._config)},
        )

    def _close_pipe(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()


def worker_environment(config: Config) -> dict[str, str]:
    """Return `config` as environment variables, so that the worker has the very same."""
    values = {}
    for name in type(config).model_fields:
        value = getattr(config, name)
        values[name.upper()] = value.get_secret_value() if isinstance(value, SecretStr) else value
    return {name: str(value) for name, value in values.items()}
