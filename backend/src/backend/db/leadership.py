"""Work that only one of several server processes may do at a time."""

import logging

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from backend.db.session import Database

logger = logging.getLogger(__name__)


class Leadership:
    """Whether this process leads; used by one thread.

    On PostgreSQL the leader holds an advisory lock on a connection of its own, so it is
    free again as soon as its holder dies. On SQLite there is only one server process.
    """

    def __init__(self, database: Database, key: int) -> None:
        """`key` names the work: a 64-bit number of the caller's choice."""
        self._database = database
        self._key = key
        self._connection: Connection | None = None

    def holds(self) -> bool:
        """Return whether this process leads, trying to become the leader if nobody is."""
        if self._database.engine.dialect.name != "postgresql":
            return True
        if self._connection is not None and self._is_alive(self._connection):
            return True
        self._connection = self._acquire()
        return self._connection is not None

    def release(self) -> None:
        """Let another process lead."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _acquire(self) -> Connection | None:
        connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()  # closing it ends the lock, and the pool keeps its size
        query = text("SELECT pg_try_advisory_lock(:key)")
        if connection.execute(query, {"key": self._key}).scalar_one():
            logger.info("this process leads", extra={"work": self._key})
            return connection
        connection.close()
        return None

    def _is_alive(self, connection: Connection) -> bool:
        try:
            connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            logger.warning("the lead was lost with its connection", extra={"work": self._key})
            connection.invalidate()
            connection.close()
            return False
        return True
