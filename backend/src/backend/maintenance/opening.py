"""The database and its users, for commands beside a server or without one."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from backend.auth.accounts import username_key
from backend.config import Config
from backend.data_folder import claim_data_dir
from backend.db.migrate import upgrade
from backend.db.repositories import users
from backend.db.session import Database, create_database
from backend.errors import DataFolderInUse


def find_user(database: Database, username: str) -> str | None:
    """Return the id of the user of this name, without a name of the first administrator."""
    with database.db_session() as session:
        if username:
            user = users.find(session, username_key(username.strip()))
        else:
            user = users.first_admin(session)
    return user.id if user else None


@contextmanager
def open_database(config: Config) -> Iterator[Database]:
    """Give the database, brought to this version's schema unless a server does that."""
    database = create_database(config)
    try:
        with suppress(DataFolderInUse), claim_data_dir(config.data_dir):
            upgrade(database)
        yield database
    finally:
        database.close()
