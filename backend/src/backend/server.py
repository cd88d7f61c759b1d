"""The server process: checks what can be checked, then runs gunicorn with one worker.

One gthread worker holds everything that must exist once: the embedded index, running
answers, open sockets. Its threads wait most of the time.
"""

import logging
import os
import signal
import socket
import threading
from types import FrameType
from typing import TYPE_CHECKING, Any

import click
from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import ThreadWorker
from sqlalchemy.exc import OperationalError

from backend.config import Config
from backend.data_folder import claim_data_dir
from backend.db.migrate import upgrade
from backend.db.session import create_database
from backend.errors import ConfigurationError
from backend.logging_config import configure_logging
from backend.process_memory import return_large_blocks, settle

if TYPE_CHECKING:
    from backend.app import Services

logger = logging.getLogger(__name__)

_LISTEN_BACKLOG = 1024
# Longer than clients and proxies keep a connection: who sends a request over one that is just
# being closed gets a reset instead of an answer.
_KEEP_ALIVE_S = 75


def serve(config: Config) -> None:
    """Run the server until SIGINT or SIGTERM.

    Raises:
        ConfigurationError: the data folder cannot be used or is in use, the port is busy,
            or the database cannot be opened; the message says what to do.
    """
    lock = claim_data_dir(config.data_dir)
    listener = _listen(config.host, config.port)
    configure_logging(config, process="server")
    _migrate(config)
    _Gunicorn(config, listener).run()
    lock.close()


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_LISTEN_BACKLOG)
    except OSError as error:
        raise ConfigurationError(
            f"Cannot listen on {host}:{port} ({error.strerror}). Stop the other program or "
            "choose another port, for example PORT=9000 ./start.sh; HOST must be an address "
            "of this machine."
        ) from None
    return listener


def _migrate(config: Config) -> None:
    database = create_database(config)
    try:
        upgrade(database)
    except OperationalError as error:
        raise ConfigurationError(
            f"The database cannot be opened ({str(error.orig).splitlines()[0]}). "
            "Check DATABASE_URL, or leave it empty to use the one in the data folder."
        ) from None
    finally:
        database.close()


def _services(worker: "_Worker") -> "Services":
    from backend.app import get_services

    return get_services(worker.wsgi)


class _Worker(ThreadWorker):  # type: ignore[misc]
    """Ends open sockets and running answers before waiting for its threads."""

    def init_signals(self) -> None:
        super().init_signals()
        # A terminal's Ctrl+C reaches this process directly, besides the arbiter.
        signal.signal(signal.SIGINT, self.handle_exit)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.alive:
            threading.Thread(target=_services(self).stop, name="stop").start()
        super().handle_exit(sig, frame)

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        self.handle_exit(sig, frame)


class _Logger(Logger):  # type: ignore[misc]
    """Leaves handlers and levels to logging_config."""

    def setup(self, cfg: Any) -> None:
        self.cfg = cfg
        self.error_log.setLevel(logging.WARNING)


class _Gunicorn(BaseApplication):  # type: ignore[misc]
    def __init__(self, config: Config, listener: socket.socket) -> None:
        self.config = config
        self.listener = listener
        super().__init__()

    def load_config(self) -> None:
        config = self.config
        settings: dict[str, Any] = {
            "bind": [f"fd://{self.listener.fileno()}"],
            "workers": 1,
            "worker_class": "backend.server._Worker",
            "threads": config.server_threads,
            "worker_connections": config.server_threads * 2,
            "logger_class": "backend.server._Logger",
            "graceful_timeout": config.shutdown_timeout_s,
            "keepalive": _KEEP_ALIVE_S,
            "control_socket_disable": True,
            "post_worker_init": self._start_services,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        # Imported in the worker only: the arbiter, which lives as long, stays small.
        from backend.app import create_app

        return_large_blocks()
        return create_app(self.config)

    def _start_services(self, worker: _Worker) -> None:
        _services(worker).start()
        settle()
        host = "127.0.0.1" if self.config.host == "0.0.0.0" else self.config.host
        address = f"http://{f'[{host}]' if ':' in host else host}:{self.config.port}"
        logger.info("server started", extra={"address": address, "pid": os.getpid()})
        click.echo(f"Doc Chat is running at {address}  (Ctrl+C stops it)")
