"""The data folder belongs to one server, or one maintenance command, at a time."""

import fcntl
from pathlib import Path
from typing import IO, Final

from backend.errors import ConfigurationError, DataFolderInUse

LOCK: Final = "server.lock"


def claim_data_dir(data_dir: Path) -> IO[str]:
    """Make the data folder and lock it; the lock lasts as long as the file is open.

    Raises:
        DataFolderInUse: another process has it.
        ConfigurationError: it cannot be written.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (data_dir / LOCK).open("a")
    except OSError as error:
        raise ConfigurationError(
            f"The data folder {data_dir} cannot be written ({error.strerror}). "
            "Give yourself the right to or set DATA_DIR to another folder."
        ) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise DataFolderInUse(
            f"Doc Chat is already running on the data folder {data_dir}. "
            "Stop it first or set DATA_DIR to another folder."
        ) from None
    return lock
