"""A house with documents in it, and a doctor for it."""

from collections.abc import Iterator

import pytest

from backend.config import Config
from backend.db.session import Database
from backend.files import FileStore
from backend.ingest.worker import drain
from chat_house import add_user
from maintenance.house import MaintenanceHouse, store_text


@pytest.fixture
def house(config: Config, database: Database) -> Iterator[MaintenanceHouse]:
    """Two documents of one user, ready and in the index."""
    user_id = add_user(database, "ann")
    house = MaintenanceHouse(config, database, FileStore(config.files_dir), user_id)
    for name in ("lighthouse.txt", "harbour.txt"):
        store_text(house, name)
    drain(config, database)
    house.stack.drain()
    yield house
    house.close_index()
