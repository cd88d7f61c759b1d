"""Everything that is encrypted with the key file, of all users."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from backend.db.models import ApiKey, EmbeddingModel, User


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key as stored; `owner` is a user's name, None for the embedding server's key."""

    owner: str | None
    name: str  # of the provider or the embedding model
    encrypted: bytes = field(repr=False)


def lock(session: Session) -> None:
    """Let nobody else read or write stored keys until the transaction ends.

    A SQLite transaction holds the only write lock from its first statement on, and who stores
    a key encrypts it inside one.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE api_keys, embedding_models IN ACCESS EXCLUSIVE MODE"))


def list_all(session: Session) -> list[StoredKey]:
    """Return all of them."""
    return [stored for stored, _ in _rows(session)]


def replace_all(session: Session, changes: dict[bytes, bytes]) -> int:
    """Put other bytes in the place of those that are a key of `changes`; return how many."""
    count = 0
    for stored, row in _rows(session):
        if (encrypted := changes.get(stored.encrypted)) is not None:
            row.key_encrypted = encrypted
            count += 1
    session.flush()
    return count


def _rows(session: Session) -> Iterator[tuple[StoredKey, ApiKey | EmbeddingModel]]:
    keys = session.execute(
        select(ApiKey, User.username)
        .join(User, User.id == ApiKey.user_id)
        .where(ApiKey.key_encrypted.is_not(None))
        .order_by(User.username, ApiKey.provider)
    ).all()
    for row, username in keys:
        yield StoredKey(username, row.provider, row.key_encrypted or b""), row
    models = session.scalars(
        select(EmbeddingModel)
        .where(EmbeddingModel.key_encrypted.is_not(None))
        .order_by(EmbeddingModel.name)
    ).all()
    for model in models:
        yield StoredKey(None, model.name, model.key_encrypted or b""), model
