"""Imports that fail or are killed in the middle leave nothing half done."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from account_content import content_hashes, fill
from backend.db.repositories import collections, conversations, messages, transfers
from backend.errors import ImportRefused
from backend.ingest.worker import drain
from backend.search_stack import SearchStack
from backend.transfer.history_writer import HistoryWriter
from backend.transfer.report import Report
from installations import Installation
from uploads import stored_files
from written_conversation import write_conversation

TESTS = Path(__file__).parents[1]
MANY = 2_500  # messages: more than two transactions take


@pytest.fixture
def ada(home: Installation) -> str:
    return home.add_user("ada")


@pytest.fixture
def archive(home: Installation, ada: str, pdf: bytes) -> Path:
    """An archive with documents of an archive, and a conversation too long for one transaction."""
    fill(home, ada, pdf)
    drain(home.config, home.database)
    long = write_conversation(home.database, ada, "gone")
    with home.database.db_session() as session:
        question = messages.get(session, ada, long.question_id)
    fields = {"role": "user", "status": "complete", "citations": [], "memories": []}
    times = {"created_at": question.created_at, "updated_at": question.updated_at}
    rows = [
        {"id": f"m{n:04}", "parent_id": None, "content": f"Keeper {n}", **fields, **times}
        for n in range(MANY)
    ]
    with home.database.db_transaction() as session:
        transfers.add_messages(session, ada, long.id, rows)
    return home.export(ada)


@pytest.fixture
def bob(other_home: Installation, pdf: bytes) -> str:
    """Somebody who has one of the documents, a collection of the same name and a conversation."""
    user_id = other_home.add_user("bob")
    other_home.upload(user_id, pdf, "mine.pdf")
    with other_home.database.db_transaction() as session:
        collections.create(session, user_id, "Towers")
    write_conversation(other_home.database, user_id, "gone")
    return user_id


@pytest.mark.parametrize(
    "fault",
    [
        f"INSERT ON messages WHEN NEW.id = 'm{MANY - 1:04}'",
        "INSERT ON conversations",
        "UPDATE ON documents WHEN NEW.filename = 'old.zip'",
        "UPDATE ON prompt_templates",
    ],
)
def test_a_row_that_the_database_refuses_takes_all_rows_and_files_back(
    other_home: Installation, bob: str, archive: Path, fault: str
) -> None:
    before = content_hashes(other_home, bob)
    files = set(stored_files(other_home.config))
    with other_home.database.db_transaction() as session:
        session.execute(
            text(f"CREATE TRIGGER fault BEFORE {fault} BEGIN SELECT RAISE(ABORT, 'refused'); END")
        )
    with pytest.raises(ImportRefused, match="database does not take a record"):
        other_home.take_in(bob, archive)
    assert content_hashes(other_home, bob) == before
    with other_home.database.db_transaction() as session:
        session.execute(text("DROP TRIGGER fault"))
    index_all(other_home)  # the files of deleted documents go when the index has forgotten them
    assert set(stored_files(other_home.config)) == files
    assert other_home.take_in(bob, archive).messages.imported == MANY + 9


def test_what_is_taken_back_was_never_remembered(other_home: Installation, bob: str) -> None:
    """The indexer had time to read what an import wrote before it failed."""
    index = SearchStack(other_home.config, other_home.database, other_home.file_store)
    try:
        index.drain()
        points = index.inspect_messages().points
        before = content_hashes(other_home, bob)
        writer = write_half(other_home, bob)
        index.drain()
        assert index.inspect_messages().points == points + 4
        writer.undo()
        index.drain()
        after = index.inspect_messages()
        assert (after.points, list(after.orphans), list(after.different)) == (points, [], [])
        assert content_hashes(other_home, bob) == before
    finally:
        index.stop()


def test_however_often_it_is_killed_the_same_import_adds_the_rest(
    home: Installation, other_home: Installation, ada: str, archive: Path
) -> None:
    """Each try comes one transaction further than the one before."""
    carol = other_home.add_user("carol")
    tries = 0
    while run_until_killed(other_home, carol, archive, transactions=tries):
        tries += 1
    assert tries > 5
    assert content_hashes(other_home, carol) == content_hashes(home, ada)
    assert other_home.take_in(carol, archive).messages.imported == 0


def run_until_killed(home: Installation, user_id: str, archive: Path, *, transactions: int) -> bool:
    """Import in a process of its own; return whether it was killed before the end."""
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "killed_import"),
            *(str(home.folder), user_id, str(archive), str(transactions)),
        ],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])},
        check=False,
    )
    assert ended.returncode in (0, -signal.SIGKILL)
    return ended.returncode != 0


def write_half(home: Installation, user_id: str) -> HistoryWriter:
    """Write two messages of a new conversation and two of one that is there."""
    with home.database.db_session() as session:
        [there] = transfers.conversation_ids(session, user_id)
        record = conversations.get(session, user_id, there)
    times = {"created_at": record.created_at, "updated_at": record.updated_at}
    writer = HistoryWriter(home.database, user_id, Report())
    for conversation_id in ("new", there):
        writer.begin(
            {
                "id": conversation_id, "title": "t", "title_source": "user",
                "memory_enabled": True, "document_ids": [], "collection_ids": [], **times,
            }
        )  # fmt: skip
        for number in range(2):
            writer.add(
                {
                    "id": f"{conversation_id[:8]}-{number}", "parent_id": None, "role": "user",
                    "content": "The keepers have left.", "status": "complete", "citations": [],
                    "memories": [], **times,
                }
            )  # fmt: skip
    writer.close()
    return writer


def index_all(home: Installation) -> None:
    index = SearchStack(home.config, home.database, home.file_store)
    index.drain()
    index.stop()
