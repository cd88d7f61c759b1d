"""Rows of `api_keys`, as records: users' access to providers, keys encrypted."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, bindparam, delete, select
from sqlalchemy.orm import Session

from backend.clock import utc_now
from backend.db.models import ApiKey, table_of
from backend.errors import NotFound

_KEYS: Final = table_of(ApiKey)
_OF_PROVIDER: Final = select(_KEYS).where(
    _KEYS.c.user_id == bindparam("user_id"), _KEYS.c.provider == bindparam("provider")
)


@dataclass(frozen=True, slots=True)
class ApiKeyRecord:
    """A user's access to one provider; `hint` is the key's last four characters."""

    user_id: str
    provider: str
    key_encrypted: bytes | None = field(repr=False)
    hint: str | None
    base_url: str | None
    created_at: datetime
    updated_at: datetime


def list_for_user(session: Session, user_id: str) -> list[ApiKeyRecord]:
    """Return what the user has stored, by provider's name."""
    rows = session.scalars(
        select(ApiKey).where(ApiKey.user_id == user_id).order_by(ApiKey.provider)
    )
    return [_record(row) for row in rows]


def get(session: Session, user_id: str, provider: str) -> ApiKeyRecord | None:
    """Return what the user has stored for `provider`, if anything."""
    found = session.execute(_OF_PROVIDER, {"user_id": user_id, "provider": provider})
    row = found.one_or_none()
    return None if row is None else _record(row)


def put(
    session: Session,
    user_id: str,
    provider: str,
    *,
    key_encrypted: bytes | None,
    hint: str | None,
    base_url: str | None,
) -> ApiKeyRecord:
    """Store the access, in place of what was there."""
    now = utc_now()
    row = session.get(ApiKey, (user_id, provider))
    if row is None:
        row = ApiKey(user_id=user_id, provider=provider, created_at=now)
        session.add(row)
    row.key_encrypted, row.hint, row.base_url, row.updated_at = key_encrypted, hint, base_url, now
    session.flush()
    return _record(row)


def remove(session: Session, user_id: str, provider: str) -> None:
    """Forget the access.

    Raises:
        NotFound: nothing is stored for this provider.
    """
    deleted = session.scalars(
        delete(ApiKey)
        .where(ApiKey.user_id == user_id, ApiKey.provider == provider)
        .returning(ApiKey.provider)
    ).one_or_none()
    if deleted is None:
        raise NotFound


def _record(row: ApiKey | Row[Any]) -> ApiKeyRecord:
    return ApiKeyRecord(
        user_id=row.user_id,
        provider=row.provider,
        key_encrypted=row.key_encrypted,
        hint=row.hint,
        base_url=row.base_url,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
