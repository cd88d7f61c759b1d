"""Records as JSON."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from backend.clock import to_wire


def plain(record: Any, *left_out: str) -> dict[str, Any]:
    """Return a record's fields as JSON values, but for those named."""
    return {
        field.name: _value(getattr(record, field.name))
        for field in fields(record)
        if field.name not in left_out
    }


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return to_wire(value)
    if isinstance(value, tuple):
        return [_value(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _value(item) for key, item in value.items()}
    return value
