"""Ids of what is taken in from elsewhere: the same each time, so that nothing is doubled."""

import hashlib
from datetime import datetime
from uuid import UUID


def derived_id(*source: str, time: datetime | None = None) -> str:
    """Return an id that depends on `source` alone, in the form of a UUID version 7.

    With `time` it sorts by that time, without it among the oldest.
    """
    digest = hashlib.sha256("\x1f".join(source).encode("utf-8", "surrogatepass")).digest()
    noise = int.from_bytes(digest[:10], "big")
    milliseconds = max(0, int(time.timestamp() * 1000)) if time is not None else 0
    value = (milliseconds & (2**48 - 1)) << 80 | noise
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(UUID(int=value))


def moved_id(user_id: str, old_id: str) -> str:
    """Return the id of a row of this user whose own id is taken by somebody else here."""
    return derived_id("moved", user_id, old_id)
