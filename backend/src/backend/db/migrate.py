"""Brings a database to the schema this version needs."""

from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from backend.db.session import Database
from backend.errors import ConfigurationError


def alembic_config() -> AlembicConfig:
    """Return Alembic's settings; the caller adds a connection to `attributes`."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def upgrade(database: Database, revision: str = "head") -> None:
    """Run the migrations that `database` has not seen, all of them in one transaction.

    Does nothing, and opens no write transaction, when the schema is up to date.

    Raises:
        ConfigurationError: the database was written by a newer version of Doc Chat.
    """
    config = alembic_config()
    scripts = ScriptDirectory.from_config(config)
    with database.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in {s.revision for s in scripts.walk_revisions()}:
        raise ConfigurationError(
            "The data folder was written by a newer version of Doc Chat. "
            "Install that version or choose another DATA_DIR."
        )
    if revision == "head" and current == scripts.get_current_head():
        return
    engine = database.engine.execution_options(begin_immediate=True)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
