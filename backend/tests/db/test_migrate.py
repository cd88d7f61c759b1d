"""Migrations give exactly the models' schema, on both databases, also from an older one."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from backend.db.message_models import MessagePassage
from backend.db.migrate import alembic_config, known_revisions, upgrade
from backend.db.session import Database
from backend.errors import ConfigurationError


def test_the_migrated_schema_is_the_one_of_the_models(any_database: Database) -> None:
    with any_database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, MessagePassage.metadata) == []


def test_a_second_upgrade_changes_nothing(any_database: Database) -> None:
    upgrade(any_database)
    upgrade(any_database)
    with any_database.db_session() as session:
        assert session.scalar(text("SELECT count(*) FROM alembic_version")) == 1


def test_a_database_of_a_newer_version_is_refused_with_a_sentence(any_database: Database) -> None:
    with any_database.db_transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match="newer version"):
        upgrade(any_database)


def test_the_files_are_named_after_their_revisions_in_order() -> None:
    scripts = ScriptDirectory.from_config(alembic_config())
    newest_first = [script.revision for script in scripts.walk_revisions()]
    assert known_revisions() == newest_first[::-1]
