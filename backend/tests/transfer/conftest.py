"""Installations: each with its own data folder, database and files."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from backend.config import load_config
from backend.db.session import create_database
from installations import Installation, install


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Installation]:
    """An installation with SQLite."""
    found = install(load_config(data_dir=tmp_path / "home"))
    yield found
    found.database.close()


@pytest.fixture
def other_home(tmp_path: Path) -> Iterator[Installation]:
    """Another one with SQLite."""
    found = install(load_config(data_dir=tmp_path / "other"))
    yield found
    found.database.close()


@pytest.fixture
def postgres_home(tmp_path: Path, postgres_url: str) -> Iterator[Installation]:
    """One with PostgreSQL."""
    admin = create_database(load_config(data_dir=tmp_path, database_url=postgres_url))
    with admin.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS docchat_transfer WITH (FORCE)"))
        connection.execute(text("CREATE DATABASE docchat_transfer"))
    admin.close()
    url = make_url(postgres_url).set(database="docchat_transfer")
    found = install(
        load_config(
            data_dir=tmp_path / "postgres",
            database_url=url.render_as_string(hide_password=False),
        )
    )
    yield found
    found.database.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def target(request: pytest.FixtureRequest) -> Installation:
    """The installation that is moved to: once with SQLite, once with PostgreSQL."""
    name = "other_home" if request.param == "sqlite" else "postgres_home"
    found: Installation = request.getfixturevalue(name)
    return found
