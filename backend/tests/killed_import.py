"""Imports an archive and is killed in the middle: `python -m killed_import DATA USER ARCHIVE N`.

SIGKILL comes when the transaction number N (from 0) is written and not yet committed.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.config import load_config
from backend.db.session import Database, create_database
from backend.files import FileStore
from backend.transfer.account_import import import_account


class MortalDatabase(Database):
    def __init__(self, engine: Engine, transactions: int) -> None:
        super().__init__(engine)
        self._left = transactions

    @contextmanager
    def db_transaction(self) -> Iterator[Session]:
        with super().db_transaction() as session:
            yield session
            session.flush()
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            self._left -= 1


if __name__ == "__main__":
    folder, user_id, archive, transactions = sys.argv[1:]
    config = load_config(data_dir=Path(folder))
    database = MortalDatabase(create_database(config).engine, int(transactions))
    import_account(config, database, FileStore(config.files_dir), user_id, Path(archive))
