"""Fixtures shared by all rooms: a Config on a temporary folder, real databases, real PDFs."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.engine import make_url

from backend.app import create_app, get_services
from backend.auth import accounts
from backend.config import Config, load_config
from backend.db.migrate import upgrade
from backend.db.session import Database, create_database
from pdf_maker import make_pdf
from people import Person
from postgres_server import find_binaries, run_postgres
from redis_server import run_redis

IN_CI = os.environ.get("CI") == "true"

# Tests run on the defaults of config.sh, whatever the shell around them has set.
for _field in Config.model_fields:
    os.environ.pop(_field.upper(), None)


@pytest.fixture
def make_config(tmp_path: Path) -> Callable[..., Config]:
    """Return a function that builds a Config on a temporary data folder.

    Models are asked for no titles unless a test wants it: each would be one more request.
    """

    def make(**overrides: object) -> Config:
        defaults = {"data_dir": tmp_path / "data", "conversation_title_timeout_s": 0}
        return load_config(**{**defaults, **overrides})

    return make


@pytest.fixture
def config(make_config: Callable[..., Config]) -> Config:
    return make_config()


def _open(config: Config) -> Database:
    config.data_dir.mkdir(parents=True, exist_ok=True)
    database = create_database(config)
    upgrade(database)
    return database


@pytest.fixture
def database(config: Config) -> Iterator[Database]:
    """A migrated SQLite database in a file."""
    database = _open(config)
    yield database
    database.close()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a running PostgreSQL server; skips where none is installed, except in CI."""
    binaries = find_binaries()
    if binaries is None:
        if IN_CI:
            pytest.fail("PostgreSQL is missing; install Debian's postgresql")
        pytest.skip("PostgreSQL is not installed, so its tests are skipped")
    with run_postgres(binaries) as url:
        yield url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The URL of a running Redis; skips where it is not installed, except in CI."""
    binary = shutil.which("redis-server")
    if binary is None:
        if IN_CI:
            pytest.fail("Redis is missing; install Debian's redis-server")
        pytest.skip("Redis is not installed, so its tests are skipped")
    with run_redis(binary) as url:
        yield url


@pytest.fixture
def postgres_database(postgres_url: str, make_config: Callable[..., Config]) -> Iterator[Database]:
    """A migrated, empty PostgreSQL database."""
    admin = create_database(make_config(database_url=postgres_url))
    with admin.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS docchat_test WITH (FORCE)"))
        connection.execute(text("CREATE DATABASE docchat_test"))
    admin.close()
    url = make_url(postgres_url).set(database="docchat_test")
    database = _open(make_config(database_url=url.render_as_string(hide_password=False)))
    yield database
    database.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def any_database(request: pytest.FixtureRequest) -> Database:
    """The test runs once on SQLite and once on PostgreSQL."""
    name = "database" if request.param == "sqlite" else "postgres_database"
    database: Database = request.getfixturevalue(name)
    return database


@pytest.fixture
def pdf() -> bytes:
    """Three pages about lighthouses."""
    return make_pdf(
        [
            "The lighthouse of Genoa\nThe lighthouse of Genoa is 77 metres high. It was rebuilt\n"
            "in 1543 after a siege had damaged the first tower.",
            "Keepers\nThe keepers lived in the tower until 1957. Each night they\n"
            "wound the clockwork that turned the lens.",
            "The lamp\nToday the lamp is electric and can be seen from 27 nautical miles.",
        ]
    )


# --- The application and the people who use it


@pytest.fixture
def app(config: Config, database: Database) -> Iterator[APIFlask]:
    """The application on the migrated `database`; its background work is not started."""
    app = create_app(config)
    yield app
    get_services(app).stop()


@pytest.fixture
def client(app: APIFlask) -> FlaskClient:
    """A browser that is not logged in and keeps its cookies."""
    return app.test_client()


@pytest.fixture
def register(database: Database, config: Config) -> Callable[..., Person]:
    """Return a function that makes an account; the first one is the administrator's."""

    def make(username: str, password: str = "correct horse battery") -> Person:
        open_config = config.model_copy(update={"signup_enabled": True})
        user, session = accounts.register(
            database, open_config, username=username, password=password
        )
        return Person(user.id, user.username, password, session.token)

    return make


@pytest.fixture
def user(register: Callable[..., Person]) -> Person:
    """The first user, the administrator."""
    return register("ada")


@pytest.fixture
def other_user(user: Person, register: Callable[..., Person]) -> Person:
    """A second user without special rights."""
    return register("bob")
