"""Password hashing with Argon2id."""

from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP's Password Storage Cheat Sheet: 19 MiB, 2 passes, 1 lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# Many log-ins at once must not take 19 MiB each.
_slots = BoundedSemaphore(4)


def hash_password(password: str) -> str:
    """Return the encoded Argon2id hash, salt and parameters included."""
    with _slots:
        return _hasher.hash(password)


def verify_password(password: str, password_hash: str | None) -> bool:
    """Return whether `password` belongs to `password_hash`.

    Without a hash (unknown user) it answers False after the same work, so that the time
    taken does not tell which names exist.
    """
    if password_hash is None:
        hash_password(password)
        return False
    with _slots:
        try:
            return _hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False


def needs_rehash(password_hash: str) -> bool:
    """Return whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)
