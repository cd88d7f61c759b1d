"""Registering, logging in, changing the password, inviting."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher

from backend.auth import accounts, sessions
from backend.auth.sessions import Identity
from backend.config import Config
from backend.db.repositories import users
from backend.db.repositories.users import UserRecord
from backend.db.session import Database
from backend.errors import (
    DocChatError,
    Forbidden,
    InvalidCredentials,
    NotAuthenticated,
    SignupClosed,
    UsernameTaken,
    ValidationFailed,
)

PASSWORD = "correct horse"


@pytest.fixture
def open_config(config: Config) -> Config:
    """Anybody may register."""
    return config.model_copy(update={"signup_enabled": True})


def identity_of(database: Database, config: Config, token: str) -> Identity:
    identity = sessions.authenticate(database, config, token)
    assert identity is not None
    return identity


def register(
    database: Database, config: Config, username: str, **more: str
) -> tuple[UserRecord, Identity]:
    fields = {"password": PASSWORD, **more}
    user, session = accounts.register(database, config, username=username, **fields)  # type: ignore[arg-type]
    return user, identity_of(database, config, session.token)


def test_the_first_account_is_the_administrators_and_later_ones_are_not(
    database: Database, open_config: Config
) -> None:
    assert accounts.setup_required(database)
    assert register(database, open_config, "ada")[0].role == "admin"
    assert not accounts.setup_required(database)
    assert register(database, open_config, "bob")[0].role == "user"


def race(actions: list[Callable[[], object]]) -> list[object]:
    """Run all actions at the same moment; return results and errors."""
    barrier = threading.Barrier(len(actions))
    outcomes: list[object] = []

    def run(action: Callable[[], object]) -> None:
        barrier.wait()
        try:
            outcomes.append(action())
        except DocChatError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_two_first_registrations_at_once_give_one_administrator(
    any_database: Database, open_config: Config
) -> None:
    outcomes = race(
        [
            lambda name=name: register(any_database, open_config, name)[0].role  # type: ignore[misc]
            for name in ("ada", "bob", "cy", "di")
        ]
    )
    assert sorted(map(str, outcomes)) == ["admin", "user", "user", "user"]


def test_two_first_registrations_at_once_let_in_one_while_sign_up_is_closed(
    any_database: Database, config: Config
) -> None:
    outcomes = race(
        [
            lambda name=name: register(any_database, config, name)[0].role  # type: ignore[misc]
            for name in ("ada", "bob", "cy")
        ]
    )
    assert outcomes.count("admin") == 1
    assert sum(isinstance(outcome, SignupClosed) for outcome in outcomes) == 2


def test_the_same_name_at_once_goes_to_one(any_database: Database, open_config: Config) -> None:
    outcomes = race([lambda: register(any_database, open_config, "ada")[0].role] * 3)
    assert sum(isinstance(outcome, UsernameTaken) for outcome in outcomes) == 2


@pytest.mark.parametrize("other", ["ADA", " ada ", "ａｄａ", "Ada"])
def test_names_that_look_alike_are_taken(
    database: Database, open_config: Config, other: str
) -> None:
    register(database, open_config, "ada")
    with pytest.raises(UsernameTaken):
        register(database, open_config, other)
    user, _ = accounts.log_in(database, open_config, username=other, password=PASSWORD)
    assert user.username == "ada"


def test_a_name_keeps_the_form_its_owner_gave_it(database: Database, config: Config) -> None:
    assert register(database, config, "  Straße 7 🦊 ")[0].username == "Straße 7 🦊"


@pytest.mark.parametrize("name", ["", "   ", "x" * 65, "a\nb", "a\0b", "a\u202eb", "a\u200bb"])
def test_a_name_that_breaks_the_rules_is_refused(
    database: Database, config: Config, name: str
) -> None:
    with pytest.raises(ValidationFailed) as raised:
        register(database, config, name)
    assert set(raised.value.details or {}) == {"username"}


@pytest.mark.parametrize("password", ["", "seven77", "x" * 1025])
def test_a_password_that_breaks_the_rules_is_refused(
    database: Database, config: Config, password: str
) -> None:
    with pytest.raises(ValidationFailed) as raised:
        register(database, config, "ada", password=password)
    assert set(raised.value.details or {}) == {"password"}


def test_every_broken_rule_is_named(database: Database, config: Config) -> None:
    with pytest.raises(ValidationFailed) as raised:
        register(database, config, "", password="")
    assert set(raised.value.details or {}) == {"username", "password"}


def test_the_shortest_password_is_a_setting(database: Database, config: Config) -> None:
    strict = config.model_copy(update={"password_min_characters": 20})
    with pytest.raises(ValidationFailed, match="20 to 1024"):
        register(database, strict, "ada")


def test_without_sign_up_later_accounts_need_an_invite(database: Database, config: Config) -> None:
    _, admin = register(database, config, "ada")
    with pytest.raises(SignupClosed):
        register(database, config, "bob")
    invite = accounts.create_invite(database, config, admin)
    assert invite.code not in repr(invite)
    assert register(database, config, "bob", invite=f" {invite.code} ")[0].role == "user"


def test_an_invite_works_once(database: Database, config: Config) -> None:
    _, admin = register(database, config, "ada")
    code = accounts.create_invite(database, config, admin).code
    register(database, config, "bob", invite=code)
    with pytest.raises(SignupClosed, match="not valid any more"):
        register(database, config, "cy", invite=code)


def test_one_invite_used_by_two_at_once_lets_in_one(any_database: Database, config: Config) -> None:
    _, admin = register(any_database, config, "ada")
    code = accounts.create_invite(any_database, config, admin).code
    outcomes = race(
        [
            lambda name=name: register(any_database, config, name, invite=code)[0].role  # type: ignore[misc]
            for name in ("bob", "cy", "di")
        ]
    )
    assert outcomes.count("user") == 1


def test_a_registration_that_fails_does_not_use_up_the_invite(
    database: Database, config: Config
) -> None:
    _, admin = register(database, config, "ada")
    code = accounts.create_invite(database, config, admin).code
    with pytest.raises(UsernameTaken):
        register(database, config, "ADA", invite=code)
    register(database, config, "bob", invite=code)


def test_an_invite_expires(database: Database, config: Config) -> None:
    _, admin = register(database, config, "ada")
    long_ago = datetime.now(UTC) - timedelta(hours=config.invite_expiry_hours)
    code = accounts.create_invite(database, config, admin, clock=lambda: long_ago).code
    with pytest.raises(SignupClosed):
        register(database, config, "bob", invite=code)


def test_only_administrators_invite(database: Database, open_config: Config) -> None:
    register(database, open_config, "ada")
    _, bob = register(database, open_config, "bob")
    with pytest.raises(Forbidden):
        accounts.create_invite(database, open_config, bob)


@pytest.mark.parametrize(
    ("username", "password"), [("ada", "wrong password"), ("nobody", PASSWORD), ("", "")]
)
def test_a_log_in_does_not_tell_what_was_wrong(
    database: Database, config: Config, username: str, password: str
) -> None:
    register(database, config, "ada")
    with pytest.raises(InvalidCredentials) as raised:
        accounts.log_in(database, config, username=username, password=password)
    assert raised.value.message == InvalidCredentials.default_message


def test_a_log_in_renews_a_hash_made_with_old_parameters(
    database: Database, config: Config
) -> None:
    user, _ = register(database, config, "ada")
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with database.db_transaction() as session:
        users.set_password_hash(session, user.id, weak)
    accounts.log_in(database, config, username="ada", password=PASSWORD)
    assert accounts.get_user(database, user.id).password_hash != weak
    accounts.log_in(database, config, username="ada", password=PASSWORD)


def test_a_new_password_ends_the_other_sessions(database: Database, config: Config) -> None:
    user, mine = register(database, config, "ada")
    _, elsewhere = accounts.log_in(database, config, username="ada", password=PASSWORD)
    ended = accounts.change_password(
        database, config, mine, current_password=PASSWORD, new_password="another horse"
    )
    assert ended == [elsewhere.id]
    assert [s.id for s in sessions.list_sessions(database, user.id)] == [mine.session_id]
    with pytest.raises(InvalidCredentials):
        accounts.log_in(database, config, username="ada", password=PASSWORD)
    accounts.log_in(database, config, username="ada", password="another horse")


@pytest.mark.parametrize(
    ("current", "new", "field"),
    [("wrong", "another horse", "current_password"), (PASSWORD, "short", "new_password")],
)
def test_a_password_is_not_changed_by_guessing_or_to_a_short_one(
    database: Database, config: Config, current: str, new: str, field: str
) -> None:
    _, mine = register(database, config, "ada")
    with pytest.raises(ValidationFailed) as raised:
        accounts.change_password(database, config, mine, current_password=current, new_password=new)
    assert set(raised.value.details or {}) == {field}
    accounts.log_in(database, config, username="ada", password=PASSWORD)


def test_an_account_that_is_gone_is_not_logged_in(database: Database) -> None:
    with pytest.raises(NotAuthenticated):
        accounts.get_user(database, "gone")


def test_a_hash_never_shows_in_a_repr(database: Database, config: Config) -> None:
    assert "argon2" not in repr(register(database, config, "ada")[0])
