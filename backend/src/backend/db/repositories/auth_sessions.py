"""Log-in sessions. Only the SHA-256 of a token is stored."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, bindparam, delete, select, update
from sqlalchemy.orm import Session

from backend.db.models import AuthSession, User, table_of

_SESSIONS: Final = table_of(AuthSession)
_USERS: Final = table_of(User)

# Every request and every event asks for this: put together once, on the tables.
_OWNER: Final = (
    select(_SESSIONS, _USERS.c.username, _USERS.c.role)
    .join(_USERS, _USERS.c.id == _SESSIONS.c.user_id)
    .where(
        _SESSIONS.c.token_sha256 == bindparam("token_sha256"),
        _SESSIONS.c.expires_at > bindparam("now"),
    )
)


@dataclass(frozen=True, slots=True)
class AuthSessionRecord:
    """A session that one browser or client holds the token of."""

    id: str
    user_id: str
    user_agent: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SessionOwner:
    """A session together with what a request needs to know of its user."""

    session: AuthSessionRecord
    username: str
    role: str


def add(
    session: Session,
    *,
    user_id: str,
    token_sha256: str,
    user_agent: str,
    created_at: datetime,
    expires_at: datetime,
) -> AuthSessionRecord:
    """Insert a session that was last used when it was created."""
    row = AuthSession(
        user_id=user_id,
        token_sha256=token_sha256,
        user_agent=user_agent,
        created_at=created_at,
        last_used_at=created_at,
        expires_at=expires_at,
    )
    session.add(row)
    session.flush()
    return _record(row)


def find_by_token(session: Session, token_sha256: str, now: datetime) -> SessionOwner | None:
    """Return the unexpired session of this token."""
    found = session.execute(_OWNER, {"token_sha256": token_sha256, "now": now})
    row = found.one_or_none()
    return None if row is None else SessionOwner(_record(row), row.username, row.role)


def list_of_user(session: Session, user_id: str, now: datetime) -> list[AuthSessionRecord]:
    """Return the user's unexpired sessions, the most recently used first."""
    rows = session.scalars(
        select(AuthSession)
        .where(AuthSession.user_id == user_id, AuthSession.expires_at > now)
        .order_by(AuthSession.last_used_at.desc(), AuthSession.id.desc())
    )
    return [_record(row) for row in rows]


def renew(
    session: Session, session_id: str, *, last_used_at: datetime, expires_at: datetime
) -> None:
    """Note a use of the session; one that is gone stays gone."""
    session.execute(
        update(AuthSession)
        .where(AuthSession.id == session_id)
        .values(last_used_at=last_used_at, expires_at=expires_at)
    )


def remove(session: Session, user_id: str, session_id: str) -> bool:
    """Delete the user's session; False if there is none such."""
    removed = session.scalar(
        delete(AuthSession)
        .where(AuthSession.id == session_id, AuthSession.user_id == user_id)
        .returning(AuthSession.id)
    )
    return removed is not None


def remove_others(session: Session, user_id: str, keep_session_id: str) -> list[str]:
    """Delete the user's other sessions and return their ids."""
    return list(
        session.scalars(
            delete(AuthSession)
            .where(AuthSession.user_id == user_id, AuthSession.id != keep_session_id)
            .returning(AuthSession.id)
        )
    )


def remove_expired(session: Session, now: datetime) -> list[str]:
    """Delete all expired sessions and return their ids."""
    return list(
        session.scalars(
            delete(AuthSession).where(AuthSession.expires_at <= now).returning(AuthSession.id)
        )
    )


def _record(row: AuthSession | Row[Any]) -> AuthSessionRecord:
    return AuthSessionRecord(
        id=row.id,
        user_id=row.user_id,
        user_agent=row.user_agent,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        expires_at=row.expires_at,
    )
