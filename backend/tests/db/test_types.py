"""Times are aware and UTC on both databases; ids sort by creation time."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.exc import StatementError

from backend.db.models import User
from backend.db.session import Database
from backend.db.types import new_id

BERLIN_SUMMER = timezone(timedelta(hours=2))


def _store(database: Database, moment: datetime) -> datetime:
    with database.db_transaction() as session:
        session.add(
            User(username="a", username_key="a", password_hash="x", role="user", created_at=moment)
        )
    with database.db_session() as session:
        return session.scalars(select(User)).one().created_at


def test_a_stored_time_comes_back_aware_in_utc_to_the_microsecond(any_database: Database) -> None:
    moment = datetime(2026, 7, 1, 12, 30, 15, 123456, tzinfo=BERLIN_SUMMER)
    stored = _store(any_database, moment)
    assert stored == moment
    assert stored.tzinfo is UTC
    assert stored.isoformat() == "2026-07-01T10:30:15.123456+00:00"


def test_a_naive_time_is_refused(any_database: Database) -> None:
    with pytest.raises(StatementError, match="naive datetime"):
        _store(any_database, datetime(2026, 7, 1, 12, 30))  # noqa: DTZ001


def test_times_compare_correctly_in_queries_whatever_zone_they_came_in(
    any_database: Database,
) -> None:
    _store(any_database, datetime(2026, 7, 1, 12, 0, tzinfo=BERLIN_SUMMER))
    with any_database.db_session() as session:
        before = datetime(2026, 7, 1, 9, 59, tzinfo=UTC)
        after = datetime(2026, 7, 1, 10, 1, tzinfo=UTC)
        assert session.scalar(select(User.id).where(User.created_at > before)) is not None
        assert session.scalar(select(User.id).where(User.created_at > after)) is None


def test_ids_are_version_7_uuids_that_sort_by_creation_time() -> None:
    ids = [new_id() for _ in range(5)]
    assert all(UUID(i).version == 7 for i in ids)
    assert len(set(ids)) == 5
    assert [i[:13] for i in ids] == sorted(i[:13] for i in ids)
