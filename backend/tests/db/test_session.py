"""db_session() and db_transaction() without Flask, from threads, on both databases."""

import sqlite3
import threading
from collections.abc import Callable

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from backend.clock import utc_now
from backend.config import Config
from backend.db.migrate import upgrade
from backend.db.models import User
from backend.db.session import Database, create_database
from backend.errors import StorageUnavailable


def _user(name: str) -> User:
    return User(
        username=name, username_key=name, password_hash="x", role="user", created_at=utc_now()
    )


def _names(database: Database) -> list[str]:
    with database.db_session() as session:
        return list(session.scalars(select(User.username).order_by(User.username)))


def _checked_out(database: Database) -> int:
    return database.engine.pool.checkedout()  # type: ignore[attr-defined]


def test_a_transaction_commits_at_the_end_of_its_block(any_database: Database) -> None:
    with any_database.db_transaction() as session:
        session.add(_user("ada"))
    assert _names(any_database) == ["ada"]


def test_a_transaction_rolls_back_on_any_error(any_database: Database) -> None:
    with pytest.raises(KeyError), any_database.db_transaction() as session:
        session.add(_user("ada"))
        session.flush()
        raise KeyError("boom")
    assert _names(any_database) == []
    assert _checked_out(any_database) == 0


def test_a_reading_session_refuses_to_write(any_database: Database) -> None:
    with pytest.raises(RuntimeError, match="db_transaction"), any_database.db_session() as session:
        session.add(_user("ada"))
    assert _names(any_database) == []


def test_a_session_takes_its_connection_with_the_first_statement_only(
    any_database: Database,
) -> None:
    with any_database.db_session() as session:
        assert _checked_out(any_database) == 0
        session.execute(text("SELECT 1"))
        assert _checked_out(any_database) == 1
    assert _checked_out(any_database) == 0


def test_records_stay_readable_after_the_session_is_closed(any_database: Database) -> None:
    with any_database.db_transaction() as session:
        user = _user("ada")
        session.add(user)
    assert user.username == "ada"


def test_threads_share_a_small_pool_and_lose_no_write(any_database: Database) -> None:
    def write(prefix: str) -> None:
        for number in range(10):
            with any_database.db_transaction() as session:
                # Reads first: a deferred SQLite transaction would fail here under contention.
                session.scalars(select(User.id)).all()
                session.add(_user(f"{prefix}-{number}"))

    threads = [threading.Thread(target=write, args=(f"thread-{n}",)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(_names(any_database)) == 120
    assert _checked_out(any_database) == 0


def test_sqlite_runs_with_write_ahead_log_and_foreign_keys(database: Database) -> None:
    with database.db_session() as session:
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert session.scalar(text("PRAGMA foreign_keys")) == 1


def test_sqlite_takes_the_write_lock_only_for_transactions(database: Database) -> None:
    begun: list[str] = []

    @event.listens_for(database.engine, "before_cursor_execute")
    def _record(_c: object, _cur: object, statement: str, *_rest: object) -> None:
        begun.append(statement)

    with database.db_session() as session:
        session.execute(text("SELECT 1"))
    with database.db_transaction() as session:
        session.execute(text("SELECT 2"))
    assert [s for s in begun if s.startswith("BEGIN")] == ["BEGIN", "BEGIN IMMEDIATE"]


def test_a_database_that_somebody_else_locks_is_named_as_the_reason(
    make_config: Callable[..., Config],
) -> None:
    config = make_config(db_busy_timeout_ms=10)
    config.data_dir.mkdir(parents=True)
    database = create_database(config)
    upgrade(database)
    other = sqlite3.connect(config.data_dir / "docchat.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageUnavailable), database.db_transaction() as session:
        session.execute(text("SELECT 1"))  # begins it
    other.rollback()
    other.close()
    with database.db_transaction() as session:
        session.execute(text("SELECT 1"))
    database.close()


def test_a_bug_in_a_statement_is_not_taken_for_trouble_outside(any_database: Database) -> None:
    with pytest.raises((OperationalError, ProgrammingError)), any_database.db_transaction() as s:
        s.execute(text("SELECT * FROM nothing"))
