"""Brings a database to the schema this version needs."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from backend.db.session import Database
from backend.errors import ConfigurationError

if TYPE_CHECKING:
    from alembic.config import Config as AlembicConfig

_MIGRATIONS = Path(__file__).parent / "migrations"


def alembic_config() -> "AlembicConfig":
    """Return Alembic's settings; the caller adds a connection to `attributes`."""
    from alembic.config import Config as AlembicConfig

    config = AlembicConfig()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config


def known_revisions() -> list[str]:
    """Return the revisions of this version, oldest first: the first word of each file's name."""
    return sorted(path.name.split("_")[0] for path in (_MIGRATIONS / "versions").glob("*.py"))


def upgrade(database: Database) -> None:
    """Run the migrations that `database` has not seen, all of them in one transaction.

    Does nothing, and does not even load Alembic, when the schema is up to date.

    Raises:
        ConfigurationError: the database was written by a newer version of Doc Chat.
    """
    revisions = known_revisions()
    current = _current_revision(database)
    if current == revisions[-1]:
        return
    if current is not None and current not in revisions:
        raise ConfigurationError(
            "The data folder was written by a newer version of Doc Chat. "
            "Install that version or choose another DATA_DIR."
        )
    from alembic import command

    config = alembic_config()
    with database.engine.execution_options(begin_immediate=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _current_revision(database: Database) -> str | None:
    with database.db_session() as session:
        if not inspect(session.connection()).has_table("alembic_version"):
            return None
        revision: str | None = session.scalar(text("SELECT version_num FROM alembic_version"))
        return revision
