"""The commands `docchat export` and `docchat import`, beside a server or without one."""

import os
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from backend.api import serializers
from backend.config import Config
from backend.db.session import Database
from backend.errors import Conflict, NotFound, Unavailable
from backend.files import FileStore
from backend.maintenance.opening import find_user, open_database
from backend.transfer.account_export import AccountExport
from backend.transfer.account_format import MANIFEST
from backend.transfer.account_import import import_account
from backend.transfer.foreign_import import import_conversations
from backend.transfer.json_export import to_json
from backend.transfer.markdown_export import to_markdown
from backend.transfer.pdf_export import to_pdf
from backend.transfer.report import Report, Tally
from backend.transfer.transcript import Transcript

_UNFINISHED: Final = ".part"

Tell = Callable[[str], None]


def run_export(
    config: Config, path: Path, username: str, conversation_id: str | None, tell: Tell
) -> None:
    """Write an account to the new file `path`, or one conversation: as PDF or JSON if it is so
    called, else as Markdown.

    Raises:
        Conflict: there is such a file already.
        NotFound: there is no such user or conversation.
        Unavailable: the file cannot be written.
        ConfigurationError: the data folder or the database cannot be used.
    """
    if path.exists():
        raise Conflict(f"{path} exists already. Choose another name.")
    with open_database(config) as database:
        user_id = _user(database, username)
        pieces: Iterable[str | bytes]
        if conversation_id is None:
            pieces = AccountExport(database, FileStore(config.files_dir), user_id)
        else:
            transcript = Transcript(database, user_id, conversation_id)
            pieces = _pieces(transcript, path.suffix.lower())
        _write(path, pieces)
    tell(f"{path} is written: {path.stat().st_size:,} bytes.")


def run_import(config: Config, path: Path, username: str, tell: Tell) -> None:
    """Take in an archive of an account, or an export of ChatGPT or Claude.

    Raises:
        ImportRefused: nothing of it can be taken in.
        NotFound: there is no such user.
        ConfigurationError: the data folder or the database cannot be used.
    """
    with open_database(config) as database:
        user_id = _user(database, username)
        if _is_account(path):
            report = import_account(
                config, database, FileStore(config.files_dir), user_id, path, tell
            )
        else:
            report = import_conversations(config, database, user_id, path)
    _tell_report(report, tell)


def _pieces(transcript: Transcript, suffix: str) -> Iterable[str | bytes]:
    if suffix == ".pdf":
        return to_pdf(transcript)
    if suffix == ".json":
        return to_json(transcript, serializers.conversation, serializers.message)
    return to_markdown(transcript)


def _user(database: Database, username: str) -> str:
    user_id = find_user(database, username)
    if user_id is None:
        raise NotFound(f"There is no account {username}." if username else "There is no account.")
    return user_id


def _write(path: Path, pieces: Iterable[str | bytes]) -> None:
    """Write the file under another name first: what has its name is whole."""
    unfinished = path.with_name(path.name + _UNFINISHED)
    try:
        with unfinished.open("wb") as file:
            for piece in pieces:
                file.write(piece.encode() if isinstance(piece, str) else piece)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        raise Unavailable(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        unfinished.unlink(missing_ok=True)


def _is_account(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return MANIFEST in archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return False


def _tell_report(report: Report, tell: Tell) -> None:
    counted: tuple[tuple[str, Tally], ...] = (
        ("conversations", report.conversations),
        ("messages", report.messages),
        ("documents", report.documents),
        ("collections", report.collections),
    )
    for name, tally in counted:
        tell(f"{name}: {tally.imported:,} imported, {tally.skipped:,} skipped")
    for problem in report.to_wire()["problems"]:
        tell(problem)
