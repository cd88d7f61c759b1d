"""Encryption of provider keys, with a key file of its own beside the database."""

import logging
import os
import stat
import threading
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from backend.errors import ApiKeyMissing, ConfigurationError

logger = logging.getLogger(__name__)

UNREADABLE = (
    "The stored key cannot be read any more because the server's key file has changed. "
    "Enter the key again in the settings."
)


@dataclass(frozen=True, slots=True)
class _Loaded:
    """The keys of the file as it was at `stamp`."""

    fernet: MultiFernet
    stamp: tuple[int, ...]


class SecretBox:
    """Encrypts short texts. The file's first key encrypts, all its keys decrypt.

    A file that is replaced while the box is in use is read again. Safe from any thread.
    """

    def __init__(self, path: Path) -> None:
        """Read the key file.

        Raises:
            OSError: it cannot be read.
            ValueError: it holds something else.
        """
        self._path = path
        self._lock = threading.Lock()
        self._loaded = self._load()

    def encrypt(self, text: str) -> bytes:
        """Return `text` encrypted and authenticated (Fernet)."""
        return self._fernet().encrypt(text.encode())

    def decrypt(self, encrypted: bytes) -> str:
        """Return the text.

        Raises:
            ApiKeyMissing: it was encrypted with a key that is not in the file any more.
        """
        try:
            return self._fernet().decrypt(encrypted).decode()
        except InvalidToken:
            logger.warning("a stored provider key cannot be decrypted: the key file has changed")
            raise ApiKeyMissing(UNREADABLE) from None

    def can_decrypt(self, encrypted: bytes) -> bool:
        """Return whether `decrypt` would succeed."""
        try:
            self._fernet().decrypt(encrypted)
        except InvalidToken:
            return False
        return True

    def _fernet(self) -> MultiFernet:
        with self._lock:
            try:
                if _stamp(self._path) != self._loaded.stamp:
                    self._loaded = self._load()
            except (OSError, ValueError):
                # Whoever broke the file must not stop who works with the keys read before.
                logger.error("the key file was lost or damaged", extra={"path": str(self._path)})
            return self._loaded.fernet

    def _load(self) -> _Loaded:
        stamp = _stamp(self._path)
        return _Loaded(MultiFernet([Fernet(key) for key in read_keys(self._path)]), stamp)


def open_secret_box(path: Path) -> SecretBox:
    """Read the key file, one Fernet key a line; made with mode 0600 when there is none.

    A file that others may read is closed to them; where that is not possible the log says so.

    Raises:
        ConfigurationError: the file cannot be read or holds something else.
    """
    try:
        _create_if_missing(path)
        _close_to_others(path)
        return SecretBox(path)
    except ValueError:
        raise ConfigurationError(
            f"SECRET_KEY_FILE: {path} does not hold keys of Doc Chat. Restore it from a backup, "
            "or move it away: a new one is made and provider keys have to be entered again."
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"SECRET_KEY_FILE: {path} cannot be used: {error.strerror}."
        ) from None


def read_keys(path: Path) -> list[str]:
    """Return the keys in the file, the one that encrypts first.

    Raises:
        OSError: it cannot be read.
        ValueError: it holds none.
    """
    keys = path.read_text("ascii").split()
    if not keys:
        raise ValueError("no key")
    return keys


def replace_keys(path: Path, keys: list[str]) -> None:
    """Put `keys` in the place of the file's content, all at once: a crash leaves old or new."""
    written = path.with_name(f"{path.name}.new")
    written.unlink(missing_ok=True)
    _write(written, keys)
    written.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _write(path: Path, keys: list[str]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.writelines(f"{key}\n" for key in keys)
        file.flush()
        os.fsync(file.fileno())


def _create_if_missing(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        _write(path, [Fernet.generate_key().decode()])
    except FileExistsError:
        return
    logger.info("made a new key file for provider keys")


def _close_to_others(path: Path) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if not mode & 0o077 or not path.is_file():
        return
    try:
        path.chmod(0o600)
    except OSError:
        logger.warning(
            "others may read the key file; give it the mode 0600", extra={"path": str(path)}
        )
    else:
        logger.warning("closed the key file, which others could read", extra={"path": str(path)})


def _stamp(path: Path) -> tuple[int, ...]:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size
