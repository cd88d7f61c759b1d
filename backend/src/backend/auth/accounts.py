"""Accounts: registering, logging in, changing the password, inviting."""

import secrets
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from backend.auth import sessions
from backend.auth.passwords import hash_password, needs_rehash, verify_password
from backend.auth.sessions import Clock, Identity, NewSession, token_sha256
from backend.clock import utc_now
from backend.config import Config
from backend.db.repositories import auth_sessions, invites, users
from backend.db.repositories.users import UserRecord
from backend.db.session import Database
from backend.errors import (
    Forbidden,
    InvalidCredentials,
    NotAuthenticated,
    SignupClosed,
    UsernameTaken,
    ValidationFailed,
)

USERNAME_MAX_CHARACTERS = 64
PASSWORD_MAX_CHARACTERS = 1024
_INVITE_BYTES = 16


@dataclass(frozen=True, slots=True)
class Invite:
    """A code for one registration; the only moment it is known."""

    code: str = field(repr=False)
    expires_at: datetime


def username_key(username: str) -> str:
    """Return the form in which two names count as the same."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", username).casefold())


def setup_required(database: Database) -> bool:
    """Return whether the first account has yet to be made."""
    with database.db_session() as session:
        return not users.any_exists(session)


def register(
    database: Database,
    config: Config,
    *,
    username: str,
    password: str,
    invite: str | None = None,
    user_agent: str = "",
    clock: Clock = utc_now,
) -> tuple[UserRecord, NewSession]:
    """Make an account and log it in; the first one is the administrator's.

    Raises:
        ValidationFailed: the name or the password breaks a rule.
        SignupClosed: SIGNUP_ENABLED is off and there is no valid invite.
        UsernameTaken: somebody has this name.
    """
    username = username.strip()
    _check_fields(
        username=_username_problem(username), password=_password_problem(password, config)
    )
    password_hash = hash_password(password)
    now = clock()
    with database.db_transaction() as session:
        users.lock_registration(session)
        is_first = not users.any_exists(session)
        if not is_first and not config.signup_enabled:
            _use_invite(session, invite, now)
        if users.find(session, username_key(username)) is not None:
            raise UsernameTaken
        user = users.add(
            session,
            username=username,
            username_key=username_key(username),
            password_hash=password_hash,
            role="admin" if is_first else "user",
            created_at=now,
        )
        return user, sessions.begin(session, config, user.id, user_agent, now)


def log_in(
    database: Database,
    config: Config,
    *,
    username: str,
    password: str,
    user_agent: str = "",
    clock: Clock = utc_now,
) -> tuple[UserRecord, NewSession]:
    """Begin a session for the user.

    Raises:
        InvalidCredentials: the name is unknown or the password wrong; which, is not told.
    """
    with database.db_session() as session:
        user = users.find(session, username_key(username.strip()))
    if not verify_password(password, user.password_hash if user else None) or user is None:
        raise InvalidCredentials
    new_hash = hash_password(password) if needs_rehash(user.password_hash) else None
    with database.db_transaction() as session:
        if new_hash is not None:
            users.set_password_hash(session, user.id, new_hash)
        return user, sessions.begin(session, config, user.id, user_agent, clock())


def get_user(database: Database, user_id: str) -> UserRecord:
    """Return the account.

    Raises:
        NotAuthenticated: it is gone.
    """
    with database.db_session() as session:
        user = users.get(session, user_id)
    if user is None:
        raise NotAuthenticated
    return user


def change_password(
    database: Database,
    config: Config,
    identity: Identity,
    *,
    current_password: str,
    new_password: str,
) -> list[str]:
    """Set a new password and end the user's other sessions, whose ids are returned.

    Raises:
        ValidationFailed: the current password is wrong or the new one breaks a rule.
    """
    _check_fields(new_password=_password_problem(new_password, config))
    user = get_user(database, identity.user_id)
    if not verify_password(current_password, user.password_hash):
        raise _invalid({"current_password": "The current password is wrong."})
    new_hash = hash_password(new_password)
    with database.db_transaction() as session:
        users.set_password_hash(session, user.id, new_hash)
        return auth_sessions.remove_others(session, user.id, identity.session_id)


def create_invite(
    database: Database, config: Config, identity: Identity, clock: Clock = utc_now
) -> Invite:
    """Make a code that lets one person register.

    Raises:
        Forbidden: the user is no administrator.
    """
    if identity.role != "admin":
        raise Forbidden("Only an administrator may invite.")
    now = clock()
    code = secrets.token_urlsafe(_INVITE_BYTES)
    expires_at = now + timedelta(hours=config.invite_expiry_hours)
    with database.db_transaction() as session:
        invites.add(
            session,
            user_id=identity.user_id,
            code_sha256=token_sha256(code),
            created_at=now,
            expires_at=expires_at,
        )
    return Invite(code=code, expires_at=expires_at)


def _use_invite(session: Session, invite: str | None, now: datetime) -> None:
    if not invite:
        raise SignupClosed
    if not invites.use(session, token_sha256(invite.strip()), now):
        raise SignupClosed("This invite is not valid any more. Ask for a new one.")


def _username_problem(username: str) -> str | None:
    if not 1 <= len(username) <= USERNAME_MAX_CHARACTERS:
        return f"A user name has 1 to {USERNAME_MAX_CHARACTERS} characters."
    if not username.isprintable():
        return "A user name consists of printable characters."
    return None


def _password_problem(password: str, config: Config) -> str | None:
    shortest = config.password_min_characters
    if not shortest <= len(password) <= PASSWORD_MAX_CHARACTERS:
        return f"A password has {shortest} to {PASSWORD_MAX_CHARACTERS} characters."
    return None


def _check_fields(**problems: str | None) -> None:
    found = {name: problem for name, problem in problems.items() if problem is not None}
    if found:
        raise _invalid(found)


def _invalid(problems: dict[str, str]) -> ValidationFailed:
    return ValidationFailed(" ".join(problems.values()), details=problems)
