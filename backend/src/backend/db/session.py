"""The only way to the database: `db_session()` reads, `db_transaction()` commits.

Both take a connection from the pool when the first statement runs and give it back at
the end of the `with` block, so keep everything slow (parsing, embedding, network calls,
streams) outside of it.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import QueuePool

from backend.config import Config
from backend.errors import StorageUnavailable

# What SQLite says when the reason lies outside of the program: a lock, the disk, the file.
_SQLITE_TROUBLES = (
    "SQLITE_BUSY",
    "SQLITE_FULL",
    "SQLITE_IOERR",
    "SQLITE_READONLY",
    "SQLITE_CANTOPEN",
)


class Database:
    """One engine and its pool. Usable from any thread, with or without Flask."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        # SQLite has one writer at a time. Threads of this process wait for each other here,
        # without a connection; waiting inside SQLite would poll, and starve the pool.
        self._turn = threading.RLock() if engine.dialect.name == "sqlite" else nullcontext()
        self._read = sessionmaker(engine, expire_on_commit=False, autoflush=False)
        # BEGIN IMMEDIATE takes SQLite's write lock at once: a transaction that read first
        # and then had to wait for another writer would fail without retry (SQLITE_BUSY_SNAPSHOT).
        self._write = sessionmaker(
            engine.execution_options(begin_immediate=True), expire_on_commit=False
        )

    @contextmanager
    def db_session(self) -> Iterator[Session]:
        """Give a session for reading; nothing done in it is kept.

        Raises:
            RuntimeError: something was added or changed in it.
        """
        with self._read() as session:
            yield session
            if session.new or session.dirty or session.deleted:
                raise RuntimeError("db_session() only reads; use db_transaction() to write")

    @contextmanager
    def db_transaction(self) -> Iterator[Session]:
        """Give a session that is committed at the end of the block, rolled back on any error.

        Raises:
            StorageUnavailable: somebody else has locked the database for too long, the disk is
                full, or the database is away.
        """
        try:
            with self._turn, self._write() as session, session.begin():
                yield session
        except OperationalError as error:
            if _is_trouble_outside(error):
                raise StorageUnavailable from error
            raise

    def close(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()


def create_database(config: Config) -> Database:
    """Build the engine for `config`; connects only when first used."""
    url = make_url(config.sqlalchemy_url)
    is_sqlite = url.get_backend_name() == "sqlite"
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=config.db_pool_size,
        max_overflow=0,
        pool_timeout=config.db_pool_timeout_s,
        pool_pre_ping=not is_sqlite,
        hide_parameters=True,  # a logged error must not carry document text
        connect_args={"check_same_thread": False} if is_sqlite else {},
    )
    if is_sqlite:
        _prepare_sqlite(engine, config.db_busy_timeout_ms)
    return Database(engine)


def _prepare_sqlite(engine: Engine, busy_timeout_ms: int) -> None:
    @event.listens_for(engine, "connect")
    def _on_connect(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in (
            f"busy_timeout = {int(busy_timeout_ms)}",
            "journal_mode = WAL",
            "synchronous = NORMAL",
            "foreign_keys = ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("begin_immediate", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _is_trouble_outside(error: OperationalError) -> bool:
    name = getattr(error.orig, "sqlite_errorname", None)
    return name is None or str(name).startswith(_SQLITE_TROUBLES)
