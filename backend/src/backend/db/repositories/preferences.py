"""Rows of `user_preferences`, as records."""

from dataclasses import dataclass
from typing import Final, TypedDict

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from backend.clock import utc_now
from backend.db.models import UserPreferences, table_of

_PREFERENCES: Final = table_of(UserPreferences)
_OF_USER: Final = select(_PREFERENCES.c.system_prompt, _PREFERENCES.c.memory_enabled).where(
    _PREFERENCES.c.user_id == bindparam("user_id")
)


@dataclass(frozen=True, slots=True)
class PreferencesRecord:
    """What a user wants everywhere. `memory_enabled` None: the server's MEMORY_ENABLED."""

    system_prompt: str | None = None
    memory_enabled: bool | None = None


class PreferencesChange(TypedDict, total=False):
    """What is missing stays; None: the default again."""

    system_prompt: str | None
    memory_enabled: bool | None


def get(session: Session, user_id: str) -> PreferencesRecord:
    """Return the user's preferences; the defaults if nothing was ever chosen."""
    row = session.execute(_OF_USER, {"user_id": user_id}).one_or_none()
    return PreferencesRecord() if row is None else PreferencesRecord(*row)


def change(session: Session, user_id: str, changes: PreferencesChange) -> PreferencesRecord:
    """Set what `changes` names and return the result."""
    row = session.get(UserPreferences, user_id)
    if row is None:
        row = UserPreferences(user_id=user_id)
        session.add(row)
    for name, value in changes.items():
        setattr(row, name, value)
    row.updated_at = utc_now()
    session.flush()
    return PreferencesRecord(row.system_prompt, row.memory_enabled)
