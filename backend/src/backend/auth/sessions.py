"""Log-in sessions: random tokens that end after SESSION_EXPIRY_HOURS of disuse."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from backend.clock import utc_now
from backend.config import Config
from backend.db.repositories import auth_sessions
from backend.db.repositories.auth_sessions import AuthSessionRecord
from backend.db.session import Database
from backend.errors import NotFound

Clock = Callable[[], datetime]

_TOKEN_BYTES = 32
_USER_AGENT_MAX_CHARACTERS = 300
# A session in use is written at most this often, so that reading does not write.
_RENEW_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks. `renewed` says that this request moved `expires_at`."""

    user_id: str
    session_id: str
    username: str
    role: str
    expires_at: datetime
    renewed: bool = False


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session just begun; the only moment its token is known."""

    id: str
    token: str = field(repr=False)
    expires_at: datetime


def token_sha256(token: str) -> str:
    """Return what is stored of a token: its SHA-256 in hex."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def begin(
    session: Session, config: Config, user_id: str, user_agent: str, now: datetime
) -> NewSession:
    """Add a session for the user inside the caller's transaction."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    record = auth_sessions.add(
        session,
        user_id=user_id,
        token_sha256=token_sha256(token),
        user_agent=user_agent[:_USER_AGENT_MAX_CHARACTERS],
        created_at=now,
        expires_at=now + lifetime(config),
    )
    return NewSession(id=record.id, token=token, expires_at=record.expires_at)


def authenticate(
    database: Database, config: Config, token: str, clock: Clock = utc_now
) -> Identity | None:
    """Return whose token this is, or None if it is unknown, revoked or expired."""
    now = clock()
    with database.db_session() as session:
        owner = auth_sessions.find_by_token(session, token_sha256(token), now)
    if owner is None:
        return None
    expires_at = owner.session.expires_at
    renewed = now - owner.session.last_used_at >= min(_RENEW_AFTER, lifetime(config) / 10)
    if renewed:
        expires_at = now + lifetime(config)
        with database.db_transaction() as session:
            auth_sessions.renew(session, owner.session.id, last_used_at=now, expires_at=expires_at)
    return Identity(
        user_id=owner.session.user_id,
        session_id=owner.session.id,
        username=owner.username,
        role=owner.role,
        expires_at=expires_at,
        renewed=renewed,
    )


def list_sessions(
    database: Database, user_id: str, clock: Clock = utc_now
) -> list[AuthSessionRecord]:
    """Return the user's sessions that are still good, the most recently used first."""
    with database.db_session() as session:
        return auth_sessions.list_of_user(session, user_id, clock())


def revoke(database: Database, user_id: str, session_id: str) -> None:
    """End one session of the user.

    Raises:
        NotFound: the user has no such session.
    """
    with database.db_transaction() as session:
        if not auth_sessions.remove(session, user_id, session_id):
            raise NotFound


def remove_expired(database: Database, clock: Clock = utc_now) -> list[str]:
    """Delete expired sessions and return their ids."""
    with database.db_transaction() as session:
        return auth_sessions.remove_expired(session, clock())


def lifetime(config: Config) -> timedelta:
    """Return how long a session lives without being used."""
    return timedelta(hours=config.session_expiry_hours)
