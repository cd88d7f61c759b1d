"""Column types and identifiers that behave alike on SQLite and PostgreSQL."""

import secrets
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, DateTime, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from backend.clock import as_utc

# None is SQL NULL, so that queries can ask for it.
JsonColumn = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class UTCDateTime(TypeDecorator[datetime]):
    """A point in time: refuses naive values, returns aware ones in UTC.

    SQLite has no time zones, so there the UTC wall time is stored; PostgreSQL stores
    TIMESTAMP WITH TIME ZONE.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return `value` in UTC.

        Raises:
            ValueError: `value` is naive.
        """
        return None if value is None else as_utc(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class JoinedIds(TypeDecorator[tuple[str, ...]]):
    """Ids that a query joined by commas, as a sorted tuple; read only."""

    impl = Text
    cache_ok = True

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...]:
        return tuple(sorted(value.split(","))) if value else ()


def new_id() -> str:
    """Return a new identifier: a UUID version 7 (RFC 9562), so that ids sort by creation time."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (2**48 - 1)) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(UUID(int=value))
