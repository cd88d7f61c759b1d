"""Locks that last until the end of the transaction."""

from sqlalchemy import text
from sqlalchemy.orm import Session

_EMBEDDING_MODELS = 0x646F63636861_0002  # any number, the same in every process


def locks_rows(session: Session) -> bool:
    """Return whether rows have to be locked: a SQLite transaction is the only one that writes."""
    return session.get_bind().dialect.name != "sqlite"


def lock_file(session: Session, sha256: str) -> None:
    """Let no other transaction store or delete the file `sha256` until this one ends.

    On SQLite there is nothing to do: BEGIN IMMEDIATE lets in one writer at a time.
    """
    if session.get_bind().dialect.name == "postgresql":
        key = int.from_bytes(bytes.fromhex(sha256)[:8], "big", signed=True)
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


def lock_embedding_models(session: Session) -> None:
    """Let no other transaction give roles to embedding models until this one ends."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _EMBEDDING_MODELS})
