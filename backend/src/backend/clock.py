"""The one place that asks the time."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the current time, timezone-aware, in UTC."""
    return datetime.now(UTC)


def as_utc(moment: datetime) -> datetime:
    """Return `moment` in UTC.

    Raises:
        ValueError: `moment` has no time zone, so nobody can say when it was.
    """
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError("naive datetime: every time needs a time zone")
    return moment.astimezone(UTC)


def to_wire(moment: datetime) -> str:
    """Return `moment` as ISO 8601 with offset, e.g. `2026-11-22T10:00:00.123456+00:00`."""
    return as_utc(moment).isoformat()
