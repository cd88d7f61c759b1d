"""How long exports and imports take, and how much memory.

.venv/bin/python scripts/bench/bench_transfer.py --messages 10000 --file-mib 1024
"""

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from backend.auth import accounts
from backend.config import Config, load_config
from backend.db.migrate import upgrade
from backend.db.repositories import conversations
from backend.db.session import Database, create_database
from backend.files import FileStore
from backend.ingest.intake import keep
from backend.transfer.account_export import AccountExport
from backend.transfer.account_import import import_account
from backend.transfer.foreign_import import import_conversations
from backend.transfer.markdown_export import to_markdown
from backend.transfer.pdf_export import to_pdf
from backend.transfer.transcript import Transcript

TEXT = (
    "## Answer\n\nThe lighthouse of **Genoa** is 77 metres high. "
    + "It was rebuilt in 1543 after a siege had damaged the first tower. " * 12
    + "\n\n- one\n- two `code`\n\n```python\nprint(1)\n```\n"
)


@dataclass
class House:
    config: Config
    database: Database
    files: FileStore
    user_id: str


class MadeUpFile:
    """Hexadecimal digits, as many MiB as wanted."""

    def __init__(self, mebibytes: int) -> None:
        self._left = mebibytes

    def read(self, _size: int, /) -> bytes:
        if not self._left:
            return b""
        self._left -= 1
        return os.urandom(512 * 1024).hex().encode()


@contextmanager
def timed(what: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    peaks = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    own, child = (resource.getrusage(who).ru_maxrss // 1024 for who in peaks)
    took = time.perf_counter() - began
    sys.stdout.write(f"| {what} | {took:.1f} | {own} | {child} |\n")
    sys.stdout.flush()


def build(folder: Path) -> House:
    config = load_config(data_dir=folder, max_upload_mb=10_240)
    config.data_dir.mkdir(parents=True)
    database = create_database(config)
    upgrade(database)
    user, _ = accounts.register(database, config, username="ada", password="x" * 20)
    return House(config, database, FileStore(config.files_dir), user.id)


def write_chatgpt_export(path: Path, conversation_count: int, message_count: int) -> None:
    """Write conversations of questions and answers in turn, one after the other."""
    with path.open("w") as file:
        for number in range(conversation_count):
            mapping = {}
            for place in range(message_count):
                role = "assistant" if place % 2 else "user"
                mapping[f"{place}"] = {
                    "id": f"{place}",
                    "parent": f"{place - 1}" if place else None,
                    "message": {
                        "author": {"role": role},
                        "create_time": 1.7e9 + place,
                        "content": {"content_type": "text", "parts": [TEXT]},
                        "metadata": {"model_slug": "gpt-4o"},
                    },
                }
            talk = {
                "conversation_id": f"c{number}",
                "title": f"Talk {number}",
                "mapping": mapping,
            }
            file.write(("," if number else "[") + json.dumps(talk))
        file.write("]")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--messages", type=int, default=1_000, help="of one conversation")
    parser.add_argument("--conversations", type=int, default=1_000, help="of 8 messages each")
    parser.add_argument("--file-mib", type=int, default=64, help="size of the one document")
    arguments = parser.parse_args()
    sys.stdout.write("| what | s | peak MiB | peak MiB of the typesetter |\n|---|---|---|---|\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home, other = build(folder / "home"), build(folder / "other")
        export = folder / "conversations.json"
        for label, count, size in (
            ("one long conversation", 1, arguments.messages),
            (f"{arguments.conversations} conversations", arguments.conversations, 8),
        ):
            write_chatgpt_export(export, count, size)
            with timed(f"ChatGPT, {label}: imported"):
                import_conversations(home.config, home.database, home.user_id, export)
            if size == arguments.messages:
                save_one(home)
        received = home.files.receive(MadeUpFile(arguments.file_mib), 10**12)
        with home.database.db_transaction() as session:
            keep(
                session,
                home.files,
                received,
                home.user_id,
                filename="big.txt",
                media_type="text/plain",
            )
        archive = folder / "account.zip"
        with timed("account: exported"), archive.open("wb") as file:
            for piece in AccountExport(home.database, home.files, home.user_id):
                file.write(piece)
        for turn in ("imported", "imported again"):
            with timed(f"account: {turn}"):
                import_account(other.config, other.database, other.files, other.user_id, archive)
        for house in (home, other):
            house.database.close()


def save_one(home: House) -> None:
    """Save the only conversation there is."""
    with home.database.db_session() as session:
        [record], _ = conversations.list_page(session, home.user_id, limit=2)
    transcript = Transcript(home.database, home.user_id, record.id)
    with timed("conversation: saved as Markdown"):
        for _ in to_markdown(transcript):
            pass
    with timed("conversation: saved as PDF"):
        for _ in to_pdf(transcript):
            pass


if __name__ == "__main__":
    main()
