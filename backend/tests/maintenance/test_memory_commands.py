"""`docchat memory`, without a server and beside one."""

import json
from collections.abc import Callable, Iterator

import pytest

from backend.config import Config
from backend.db.repositories import conversations, memory, messages
from backend.db.session import Database
from backend.errors import NotFound, ValidationFailed
from backend.files import FileStore
from backend.maintenance.doctor import Doctor
from backend.maintenance.index_access import OpenedIndex, RequestDesk, RequestedIndex
from backend.maintenance.memory import run_export, run_forget, run_search, run_stats
from backend.periodic import Periodic
from backend.search_stack import SearchStack
from backend.secret_box import open_secret_box
from backend.store.base import IndexPoint
from chat_house import add_user

FACT = "My sister Ingrid keeps bees in Skagen."


@pytest.fixture
def user_id(database: Database) -> str:
    """A user who has said something."""
    user_id = add_user(database, "ann")
    with database.db_transaction() as session:
        conversation = conversations.create(
            session, user_id=user_id, memory_enabled=True, title="Family"
        )
        messages.add(
            session,
            user_id=user_id,
            conversation_id=conversation.id,
            parent_id=None,
            role="user",
            content=FACT,
        )
    return user_id


def told(run: Callable[..., None], *arguments: object, **options: object) -> str:
    lines: list[str] = []
    run(*arguments, **options, tell=lines.append)
    return "\n".join(lines)


@pytest.mark.usefixtures("user_id")
def test_commands_show_search_and_export_what_is_remembered(config: Config) -> None:
    assert told(run_stats, config, "ann").startswith("1 messages of 1 conversations")
    assert FACT in told(run_search, config, "ann", "Where are Ingrid's bees?", 5)
    [item] = json.loads(told(run_export, config, "ann"))["items"]
    assert (item["content"], item["conversation_title"]) == (FACT, "Family")


def test_forgetting_by_command_is_found_by_no_search(
    config: Config, database: Database, user_id: str
) -> None:
    nothing = {"message": None, "conversation": None, "before": None, "everything": False}
    assert "0 messages" in told(run_forget, config, "ann", **{**nothing, "before": "2001-01-01"})
    assert "1 messages" in told(run_forget, config, "ann", **{**nothing, "everything": True})
    assert told(run_stats, config, "ann") == "Nothing is remembered."
    assert told(run_search, config, "ann", "Where are Ingrid's bees?", 5) == "Nothing is found."
    with database.db_session() as session:
        assert memory.stats(session, user_id).message_count == 0
    for wrong in (nothing, {**nothing, "everything": True, "before": "2026-01-01"}):
        with pytest.raises(ValidationFailed):
            told(run_forget, config, "ann", **wrong)
    with pytest.raises(ValidationFailed, match="no date"):
        told(run_forget, config, "ann", **{**nothing, "before": "tomorrow"})


@pytest.mark.usefixtures("user_id")
def test_an_unknown_user_is_told_so(config: Config) -> None:
    with pytest.raises(NotFound, match="There is no account bob"):
        told(run_stats, config, "bob")


@pytest.fixture
def stack(config: Config, database: Database) -> Iterator[SearchStack]:
    stack = SearchStack(config, database, FileStore(config.files_dir))
    yield stack
    stack.stop()


def test_beside_a_running_server_the_server_searches(
    database: Database, user_id: str, stack: SearchStack
) -> None:
    stack.drain()
    desk = Periodic("desk", 0.01, RequestDesk(database, stack).answer_all)
    desk.start()
    [found] = RequestedIndex(database, timeout_s=20).search_memory(user_id, "Ingrid's bees", 5)
    desk.stop(timeout_s=5)
    assert found["quote"] == FACT


def doctor_of(stack: SearchStack, config: Config, database: Database) -> Doctor:
    secrets = open_secret_box(config.secret_key_path)
    return Doctor(database, FileStore(config.files_dir), OpenedIndex(stack), secrets, is_alone=True)


def is_found(stack: SearchStack, user_id: str) -> bool:
    index = OpenedIndex(stack)
    return bool(index.search_memory(user_id, "Ingrid's bees", 5))


def test_the_doctor_puts_lost_points_of_messages_back_and_takes_strange_ones_out(
    config: Config, database: Database, user_id: str, stack: SearchStack
) -> None:
    stack.drain()
    doctor = doctor_of(stack, config, database)
    assert doctor.examine().findings == ()
    index = stack._open().messages.index
    [conversation_id] = index.count_by_document()
    index.delete_document(conversation_id)
    strange = "01a00000-0000-7000-8000-000000000000"
    index.upsert([IndexPoint(strange, user_id, strange, "strange words")])
    examination = doctor.examine()
    assert [finding.code for finding in examination.findings] == ["index_differs", "orphan_points"]
    assert conversation_id in examination.findings[0].sentence
    assert not is_found(stack, user_id)
    assert doctor.repair(examination, lambda _line: None).findings == ()
    assert is_found(stack, user_id)


def test_rebuilding_the_index_brings_messages_back(
    config: Config, database: Database, user_id: str, stack: SearchStack
) -> None:
    stack.drain()
    assert stack.rebuild() == 1
    stack.drain()
    assert is_found(stack, user_id)
    assert doctor_of(stack, config, database).examine().findings == ()
