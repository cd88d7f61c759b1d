"""Sessions end after a time of disuse, whatever the clocks around them show."""

import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from backend.auth import accounts, sessions
from backend.auth.sessions import Identity
from backend.clock import utc_now
from backend.config import Config
from backend.db.repositories.users import UserRecord
from backend.db.session import Database
from backend.errors import NotFound

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(hours=24)


class Clock:
    """A clock that a test sets."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def owner(database: Database, config: Config, clock: Clock) -> UserRecord:
    user, _ = accounts.register(
        database, config, username="ada", password="long enough", clock=clock
    )
    return user


@pytest.fixture
def begin(database: Database, config: Config, owner: UserRecord, clock: Clock) -> Callable[[], str]:
    """Return a function that begins a session and returns its token."""

    def make() -> str:
        with database.db_transaction() as session:
            return sessions.begin(session, config, owner.id, "a browser", clock()).token

    return make


@pytest.fixture
def ask(database: Database, config: Config, clock: Clock) -> Callable[[str], Identity | None]:
    return lambda token: sessions.authenticate(database, config, token, clock)


def last_used(database: Database) -> list[str]:
    with database.db_session() as session:
        return list(session.scalars(text("SELECT last_used_at FROM auth_sessions ORDER BY id")))


def test_a_token_tells_who_asks(
    owner: UserRecord, begin: Callable[[], str], ask: Callable[[str], Identity | None]
) -> None:
    identity = ask(begin())
    assert identity is not None
    assert (identity.user_id, identity.username, identity.role) == (owner.id, "ada", "admin")


@pytest.mark.parametrize("token", ["", "unknown", "\ud800", "x" * 10_000])
def test_a_token_nobody_holds_is_nobody(ask: Callable[[str], Identity | None], token: str) -> None:
    assert ask(token) is None


def test_tokens_are_random_and_stored_as_hashes_only(
    database: Database, begin: Callable[[], str]
) -> None:
    tokens = {begin() for _ in range(50)}
    assert len(tokens) == 50
    assert all(len(token) >= 43 for token in tokens)  # 256 bits
    with database.db_session() as session:
        stored = str(session.execute(text("SELECT * FROM auth_sessions")).all())
    assert not any(token in stored for token in tokens)
    assert sessions.token_sha256(next(iter(tokens))) in stored


def test_a_session_ends_after_a_day_of_disuse(
    begin: Callable[[], str], ask: Callable[[str], Identity | None], clock: Clock
) -> None:
    token = begin()
    clock.now = START + DAY - timedelta(seconds=1)
    assert ask(token) is not None
    clock.now += DAY
    assert ask(token) is None


def test_a_session_in_use_lives_on(
    begin: Callable[[], str], ask: Callable[[str], Identity | None], clock: Clock
) -> None:
    token = begin()
    for _ in range(10):
        clock.now += timedelta(hours=20)
        assert ask(token) is not None


def test_a_session_in_use_is_written_once_a_minute_at_most(
    database: Database,
    begin: Callable[[], str],
    ask: Callable[[str], Identity | None],
    clock: Clock,
) -> None:
    token = begin()
    before = last_used(database)
    clock.now += timedelta(seconds=59)
    identity = ask(token)
    assert identity is not None
    assert not identity.renewed
    assert last_used(database) == before
    clock.now += timedelta(seconds=1)
    identity = ask(token)
    assert identity is not None
    assert identity.renewed
    assert identity.expires_at == clock.now + DAY
    assert last_used(database) != before


def test_a_very_short_session_in_use_lives_on_too(
    database: Database, config: Config, begin: Callable[[], str], clock: Clock
) -> None:
    short = config.model_copy(update={"session_expiry_hours": 10 / 3600})
    token = begin()
    for _ in range(5):
        clock.now += timedelta(seconds=6)
        assert sessions.authenticate(database, short, token, clock) is not None
    clock.now += timedelta(seconds=10)
    assert sessions.authenticate(database, short, token, clock) is None


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    "wall_clock",
    [
        datetime(2026, 3, 28, 20, tzinfo=BERLIN),  # the night has 23 hours
        datetime(2026, 10, 24, 20, tzinfo=BERLIN),  # the night has 25 hours
        datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN),  # an hour that comes twice
        datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=BERLIN),
    ],
)
def test_a_change_to_or_from_summer_time_changes_nothing(
    wall_clock: datetime,
    begin: Callable[[], str],
    ask: Callable[[str], Identity | None],
    clock: Clock,
) -> None:
    began = clock.now = wall_clock.astimezone(UTC)
    token, unused_token = begin(), begin()
    clock.now = (began + DAY - timedelta(seconds=1)).astimezone(BERLIN)
    assert ask(token) is not None
    clock.now = (began + DAY).astimezone(BERLIN)
    assert ask(unused_token) is None


@pytest.fixture(params=["America/Los_Angeles", "Asia/Kathmandu", "Pacific/Kiritimati"])
def time_zone(request: pytest.FixtureRequest) -> Iterator[str]:
    """The process lives in this time zone."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield request.param
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


def test_the_time_zone_of_the_process_changes_nothing(
    time_zone: str, database: Database, config: Config, owner: UserRecord
) -> None:
    assert time.tzname[0] != "UTC", time_zone
    with database.db_transaction() as session:
        token = sessions.begin(session, config, owner.id, "", utc_now()).token
    assert sessions.authenticate(database, config, token) is not None
    in_a_day = utc_now() + DAY
    assert sessions.authenticate(database, config, token, lambda: in_a_day) is None
    before_that = in_a_day - timedelta(seconds=5)
    assert sessions.authenticate(database, config, token, lambda: before_that) is not None


def test_a_session_begun_in_one_time_zone_ends_on_time_in_another(
    database: Database, config: Config, owner: UserRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    now = utc_now()
    with database.db_transaction() as session:
        token = sessions.begin(session, config, owner.id, "", now).token
    monkeypatch.setenv("TZ", "America/Los_Angeles")
    time.tzset()
    try:
        almost = now + DAY - timedelta(seconds=1)
        assert sessions.authenticate(database, config, token, lambda: now + DAY) is None
        assert sessions.authenticate(database, config, token, lambda: almost) is not None
    finally:
        monkeypatch.undo()
        time.tzset()


def test_the_list_shows_the_users_own_good_sessions_the_latest_used_first(
    database: Database,
    owner: UserRecord,
    begin: Callable[[], str],
    ask: Callable[[str], Identity | None],
    clock: Clock,
) -> None:
    first, _second = begin(), begin()
    clock.now += timedelta(hours=1)
    identity = ask(first)
    assert identity is not None
    listed = sessions.list_sessions(database, owner.id, clock)
    assert listed[0].id == identity.session_id
    assert len(listed) == 3  # registering began one too
    assert sessions.list_sessions(database, "somebody else", clock) == []
    clock.now += DAY - timedelta(minutes=1)
    assert [r.id for r in sessions.list_sessions(database, owner.id, clock)] == [
        identity.session_id
    ]


def test_a_revoked_session_is_gone_at_once(
    database: Database,
    owner: UserRecord,
    begin: Callable[[], str],
    ask: Callable[[str], Identity | None],
) -> None:
    token = begin()
    identity = ask(token)
    assert identity is not None
    with pytest.raises(NotFound):
        sessions.revoke(database, "somebody else", identity.session_id)
    sessions.revoke(database, owner.id, identity.session_id)
    assert ask(token) is None
    with pytest.raises(NotFound):
        sessions.revoke(database, owner.id, identity.session_id)


def test_expired_sessions_are_removed_and_named(
    database: Database,
    begin: Callable[[], str],
    ask: Callable[[str], Identity | None],
    clock: Clock,
) -> None:
    begin()
    clock.now += timedelta(hours=12)
    kept = begin()
    clock.now += timedelta(hours=12)
    assert len(sessions.remove_expired(database, clock)) == 2
    assert sessions.remove_expired(database, clock) == []
    assert ask(kept) is not None


def test_a_long_user_agent_is_cut(
    database: Database, config: Config, owner: UserRecord, clock: Clock
) -> None:
    with database.db_transaction() as session:
        sessions.begin(session, config, owner.id, "x" * 5000, clock())
    longest = max(len(r.user_agent) for r in sessions.list_sessions(database, owner.id, clock))
    assert longest == 300


def test_a_token_never_shows_in_a_repr(
    database: Database, config: Config, owner: UserRecord, clock: Clock
) -> None:
    with database.db_transaction() as session:
        new_session = sessions.begin(session, config, owner.id, "", clock())
    assert new_session.token not in repr(new_session)
