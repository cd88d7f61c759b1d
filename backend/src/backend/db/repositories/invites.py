"""Invites: codes that let one person register. Only the SHA-256 of a code is stored."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from backend.db.models import Invite


def add(
    session: Session, *, user_id: str, code_sha256: str, created_at: datetime, expires_at: datetime
) -> None:
    """Insert an unused invite by `user_id`."""
    session.add(
        Invite(
            code_sha256=code_sha256,
            user_id=user_id,
            created_at=created_at,
            expires_at=expires_at,
            used_at=None,
        )
    )


def use(session: Session, code_sha256: str, now: datetime) -> bool:
    """Mark the invite as used; False if it is unknown, used or expired."""
    used = session.scalar(
        update(Invite)
        .where(Invite.code_sha256 == code_sha256, Invite.used_at.is_(None), Invite.expires_at > now)
        .values(used_at=now)
        .returning(Invite.code_sha256)
    )
    return used is not None
