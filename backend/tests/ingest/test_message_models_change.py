"""Another embedding model: what was said is embedded anew, too, before it serves."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import func, select

from backend.config import Config
from backend.db.message_models import MessageVector
from backend.db.repositories import conversations, messages
from backend.db.session import Database
from backend.store.memory import Recalled, SaidWhere
from chat_house import add_user
from embedding_server import EmbeddingServer, run_embedding_server
from ingest.search_house import House

FACT = "Ingrid keeps bees in Skagen."
# In other words than the fact's: only a model that knows both finds it.
QUESTION = "Wo leben die Immen?"


@pytest.fixture
def server() -> Iterator[EmbeddingServer]:
    with run_embedding_server() as server:
        server.synonyms = {QUESTION: FACT}
        yield server


@pytest.fixture
def use(make_config: Callable[..., Config], server: EmbeddingServer) -> Callable[[str], Config]:
    """Return a function that makes a Config with that model of the server."""
    return lambda model: make_config(
        embedding_url=server.base_url,
        embedding_model=model,
        memory_date_embedded=False,  # the server knows equal texts only
    )


def say(database: Database, user_id: str, text: str) -> None:
    with database.db_transaction() as session:
        conversation = conversations.create(session, user_id=user_id, memory_enabled=True)
        messages.add(
            session,
            user_id=user_id,
            conversation_id=conversation.id,
            parent_id=None,
            role="user",
            content=text,
        )


def found(house: House, query: str = QUESTION) -> Recalled:
    return house.stack.search_messages(
        user_id=house.user_id, query=query, where=SaidWhere(is_recall=True), limit=1
    )[0]


def models(database: Database) -> dict[str, int]:
    """Return how many passages have vectors of each model."""
    with database.db_session() as session:
        model = MessageVector.embedding_model
        rows = session.execute(select(model, func.count()).group_by(model))
        return {row[0]: row[1] for row in rows}


@pytest.mark.parametrize("second", ["other-16", "large-32"])
def test_what_was_said_is_found_by_meaning_before_while_and_after_the_models_change(
    use: Callable[[str], Config], database: Database, second: str
) -> None:
    user_id = add_user(database, "ann")
    say(database, user_id, FACT)
    say(database, user_id, "The invoice is due on Friday.")
    house = House(use("small-16"), database, user_id)
    assert found(house).passage.text == FACT
    assert models(database) == {"openai:small-16": 2}
    house.stack.stop()

    house = House(use(second), database, user_id)
    best = found(house)
    assert (best.passage.text, best.keyword_score) == (FACT, 0)
    say(database, user_id, "It was said while the next model was prepared.")
    for _ in range(4):
        house.advance()
        assert found(house).passage.text == FACT
        assert house.findings() == []
    assert models(database) == {f"openai:{second}": 3}
    assert house.indexed_models() == 1
    assert found(house).keyword_score == 0
    assert "next model" in found(house, "Which model was prepared?").passage.text
    house.stack.stop()
