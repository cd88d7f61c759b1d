"""Accounts."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from backend.db.locks import locks_rows
from backend.db.models import User


@dataclass(frozen=True, slots=True)
class UserRecord:
    """An account. `role` is `admin` or `user`."""

    id: str
    username: str
    role: str
    created_at: datetime
    password_hash: str = field(repr=False)


def lock_registration(session: Session) -> None:
    """Let only one registration run at a time until the transaction ends.

    A SQLite transaction already holds the only write lock.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE"))


def lock(session: Session, user_id: str) -> None:
    """Let no other transaction lock the account until this one ends.

    Rows that belong to it may be added meanwhile. A SQLite transaction already holds the only
    write lock.
    """
    if locks_rows(session):
        session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))


def any_exists(session: Session) -> bool:
    """Return whether there is an account at all."""
    return session.scalar(select(User.id).limit(1)) is not None


def add(
    session: Session,
    *,
    username: str,
    username_key: str,
    password_hash: str,
    role: str,
    created_at: datetime,
) -> UserRecord:
    """Insert an account; `username_key` must be free."""
    user = User(
        username=username,
        username_key=username_key,
        password_hash=password_hash,
        role=role,
        created_at=created_at,
    )
    session.add(user)
    session.flush()
    return _record(user)


def get(session: Session, user_id: str) -> UserRecord | None:
    """Return the account with this id."""
    user = session.get(User, user_id)
    return None if user is None else _record(user)


def find(session: Session, username_key: str) -> UserRecord | None:
    """Return the account whose name folds to `username_key`."""
    user = session.scalar(select(User).where(User.username_key == username_key))
    return None if user is None else _record(user)


def first_admin(session: Session) -> UserRecord | None:
    """Return the administrator who has been there longest."""
    user = session.scalar(select(User).where(User.role == "admin").order_by(User.id).limit(1))
    return None if user is None else _record(user)


def set_password_hash(session: Session, user_id: str, password_hash: str) -> None:
    """Replace the account's password hash."""
    session.execute(update(User).where(User.id == user_id).values(password_hash=password_hash))


def _record(user: User) -> UserRecord:
    return UserRecord(
        id=user.id,
        username=user.username,
        role=user.role,
        created_at=user.created_at,
        password_hash=user.password_hash,
    )
