"""Encryption of provider keys, with a key file of its own beside the database."""

import logging
import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from backend.errors import ApiKeyMissing, ConfigurationError

logger = logging.getLogger(__name__)


class SecretBox:
    """Encrypts short texts. The file's first key encrypts, all its keys decrypt."""

    def __init__(self, fernet: MultiFernet) -> None:
        self._fernet = fernet

    def encrypt(self, text: str) -> bytes:
        """Return `text` encrypted and authenticated (Fernet)."""
        return self._fernet.encrypt(text.encode())

    def decrypt(self, encrypted: bytes) -> str:
        """Return the text.

        Raises:
            ApiKeyMissing: it was encrypted with a key that is not in the file any more.
        """
        try:
            return self._fernet.decrypt(encrypted).decode()
        except InvalidToken:
            logger.warning("a stored provider key cannot be decrypted: the key file has changed")
            raise ApiKeyMissing(
                "The stored key cannot be read any more because the server's key file has "
                "changed. Enter the key again in the settings."
            ) from None


def open_secret_box(path: Path) -> SecretBox:
    """Read the key file, one Fernet key a line; made with mode 0600 when there is none.

    Raises:
        ConfigurationError: the file cannot be read or holds something else.
    """
    try:
        _create_if_missing(path)
        keys = path.read_text("ascii").split()
        if not keys:
            raise ValueError("no key")
        return SecretBox(MultiFernet([Fernet(key) for key in keys]))
    except ValueError:
        raise ConfigurationError(
            f"SECRET_KEY_FILE: {path} does not hold keys of Doc Chat. Restore it from a backup, "
            "or move it away: a new one is made and provider keys have to be entered again."
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"SECRET_KEY_FILE: {path} cannot be used: {error.strerror}."
        ) from None


def _create_if_missing(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "wb") as file:
        file.write(Fernet.generate_key() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    logger.info("made a new key file for provider keys")
