"""The key file and what is encrypted with it: `docchat keys` and what others ask of it."""

import fcntl
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from backend.config import Config
from backend.db.repositories import stored_keys
from backend.db.repositories.stored_keys import StoredKey
from backend.db.session import Database, create_database
from backend.errors import ConfigurationError
from backend.maintenance.findings import Finding
from backend.secret_box import SecretBox, open_secret_box, read_keys, replace_keys

logger = logging.getLogger(__name__)

Tell = Callable[[str], None]


def run_rotate(config: Config, tell: Tell) -> None:
    """Encrypt all stored keys with a new key and drop the ones before; also beside a server.

    The file holds old and new keys until nothing needs the old ones, so that a crash at any
    moment leaves everything readable; to run it again completes it.

    Raises:
        ConfigurationError: the key file cannot be used or written.
    """
    box = open_secret_box(config.secret_key_path)
    path = config.secret_key_path.resolve()
    database = create_database(config)
    try:
        with _alone(path):
            new = add_key(path)
            count = encrypt_anew(database, box)
            while not drop_old_keys(database, box, path, new):
                # somebody encrypted with the old key just before the new one came
                count += encrypt_anew(database, box)
        unreadable = len(find_unreadable(database, box))
    except OSError as error:
        raise ConfigurationError(
            f"SECRET_KEY_FILE: {path} cannot be replaced: {error.strerror}."
        ) from None
    finally:
        database.close()
    tell(f"Encrypted {count} stored keys with a new key and dropped the old one.")
    if unreadable:
        tell(f"{unreadable} others could not be read before and have to be entered again.")


def run_check(config: Config, tell: Tell) -> bool:
    """Tell which stored keys cannot be read; return whether all can.

    Raises:
        ConfigurationError: the key file cannot be used.
    """
    box = open_secret_box(config.secret_key_path)
    database = create_database(config)
    try:
        with database.db_session() as session:
            stored = stored_keys.list_all(session)
    finally:
        database.close()
    lost = [key for key in stored if not box.can_decrypt(key.encrypted)]
    for key in lost:
        tell(_sentence(key))
    tell(f"{len(stored) - len(lost)} of {len(stored)} stored keys can be read.")
    return not lost


def add_key(path: Path) -> str:
    """Put a new key in front of the file, which encrypts from now on, and return it."""
    new = Fernet.generate_key().decode()
    replace_keys(path, [new, *read_keys(path)])
    return new


def encrypt_anew(database: Database, box: SecretBox) -> int:
    """Encrypt with the file's first key all that can be read, at once; return how many."""
    with database.db_transaction() as session:
        stored_keys.lock(session)
        changes = {
            key.encrypted: box.encrypt(box.decrypt(key.encrypted))
            for key in stored_keys.list_all(session)
            if box.can_decrypt(key.encrypted)
        }
        return stored_keys.replace_all(session, changes)


def drop_old_keys(database: Database, box: SecretBox, path: Path, new: str) -> bool:
    """Leave `new` alone in the key file; False if something still needs another one."""
    fernet = Fernet(new)
    with database.db_transaction() as session:
        stored_keys.lock(session)
        for key in stored_keys.list_all(session):
            if box.can_decrypt(key.encrypted) and not _reads(fernet, key.encrypted):
                return False
        replace_keys(path, [new])
    return True


def find_unreadable(database: Database, box: SecretBox) -> list[Finding]:
    """Return the stored keys that no key of the file can read; only people can mend that."""
    with database.db_session() as session:
        stored = stored_keys.list_all(session)
    return [
        Finding("unreadable_key", f"{key.owner}/{key.name}", _sentence(key))
        for key in stored
        if not box.can_decrypt(key.encrypted)
    ]


def warn_of_unreadable(database: Database, box: SecretBox) -> None:
    """Let the log say when the key file does not fit what is stored."""
    count = len(find_unreadable(database, box))
    if count:
        logger.error(
            "stored provider keys cannot be read any more: the key file was lost or replaced. "
            "Restore it, or enter the keys again in the settings",
            extra={"count": count},
        )


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Let only one rotation run at a time."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _reads(fernet: Fernet, encrypted: bytes) -> bool:
    try:
        fernet.decrypt(encrypted)
    except InvalidToken:
        return False
    return True


def _sentence(key: StoredKey) -> str:
    if key.owner is None:
        return (
            f"The stored key of the embedding server for {key.name} cannot be read any more. "
            "It is stored anew at the next start with EMBEDDING_API_KEY."
        )
    return (
        f"The key of {key.owner} for {key.name} cannot be read any more: the key file was lost or "
        "replaced. Restore it, or enter the key again in the settings."
    )
