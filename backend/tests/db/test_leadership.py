"""One server process at a time leads, and another one takes over."""

import pytest
from sqlalchemy import text

from backend.config import Config
from backend.db.leadership import Leadership
from backend.db.session import Database, create_database

WORK = 7


@pytest.fixture
def second(postgres_database: Database, config: Config) -> Database:
    """Another process's way to the same PostgreSQL database."""
    url = postgres_database.engine.url.render_as_string(hide_password=False)
    return create_database(
        config.model_copy(update={"database_url": type(config.database_url)(url)})
    )


def test_on_sqlite_the_one_server_always_leads(database: Database) -> None:
    leadership = Leadership(database, WORK)
    assert leadership.holds()
    leadership.release()
    assert leadership.holds()


@pytest.mark.postgres
def test_one_leads_until_it_lets_go(postgres_database: Database, second: Database) -> None:
    one, two = Leadership(postgres_database, WORK), Leadership(second, WORK)
    assert one.holds()
    assert one.holds()
    assert not two.holds()
    other_work = Leadership(second, WORK + 1)
    assert other_work.holds()
    other_work.release()
    one.release()
    assert two.holds()
    assert not one.holds()
    two.release()
    second.close()


@pytest.mark.postgres
def test_who_loses_the_connection_loses_the_lead(
    postgres_database: Database, second: Database
) -> None:
    one, two = Leadership(postgres_database, WORK), Leadership(second, WORK)
    assert one.holds()
    with second.engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid, 30000) FROM pg_locks "
                "WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
            )
        )
    assert two.holds()
    assert not one.holds()
    two.release()
    second.close()


@pytest.mark.postgres
def test_leading_takes_no_connection_from_the_pool(
    postgres_database: Database, second: Database
) -> None:
    leadership = Leadership(second, WORK)
    assert leadership.holds()
    connections = [second.engine.connect() for _ in range(5)]
    for connection in connections:
        connection.close()
    leadership.release()
    second.close()
