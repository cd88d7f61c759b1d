"""What every log record of a request, socket event or job carries.

A leaf, so that every room may bind its ids; `logging_config` prints them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_EMPTY: dict[str, str] = {}
_fields: ContextVar[dict[str, str]] = ContextVar("docchat_log_fields", default=_EMPTY)


@contextmanager
def log_context(**fields: str | None) -> Iterator[None]:
    """Add `fields` (request_id, user_id, document_id, message_id …) to every record inside."""
    token = _fields.set({**_fields.get(), **{k: v for k, v in fields.items() if v is not None}})
    try:
        yield
    finally:
        _fields.reset(token)


def current_fields() -> dict[str, str]:
    """Return the fields bound around the caller."""
    return _fields.get()
