"""Locks that last until the end of the transaction."""

from sqlalchemy import text
from sqlalchemy.orm import Session


def lock_file(session: Session, sha256: str) -> None:
    """Let no other transaction store or delete the file `sha256` until this one ends.

    On SQLite there is nothing to do: BEGIN IMMEDIATE lets in one writer at a time.
    """
    if session.get_bind().dialect.name == "postgresql":
        key = int.from_bytes(bytes.fromhex(sha256)[:8], "big", signed=True)
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
