"""What was said is embedded when nobody waits for an answer."""

import threading
import time
from dataclasses import replace
from typing import Any

import pytest

from backend import message_rows
from backend.config import Config
from backend.db.repositories import message_passages
from backend.db.session import Database
from backend.files import FileStore
from backend.message_rows import MessageEmbedding
from backend.search_stack import SearchStack
from backend.store.embeddings import BUILT_IN_MODEL
from backend.store.memory import SaidWhere
from memory_house import MemoryHouse, open_memory_house
from openai_server import OpenAIServer

FACT = "My sister Ingrid keeps bees behind the lighthouse of Skagen."
DEADLINE_S = 30.0


def has_vectors(database: Database) -> bool:
    with database.db_session() as session:
        return not message_passages.load_unembedded(session, BUILT_IN_MODEL, 1)


def found(house: MemoryHouse, query: str) -> list[str]:
    results = house.stack.search_messages(
        user_id=house.user_id, query=query, where=SaidWhere(role="user"), limit=3
    )
    return [result.passage.text for result in results]


def test_embedding_waits_for_answers_while_words_are_found_at_once(
    database: Database,
    config: Config,
    openai_server: OpenAIServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(message_rows, "_LONGEST_WAY_GIVEN_S", 2 * DEADLINE_S)
    answering = threading.Event()
    answering.set()
    with open_memory_house(database, config, openai_server.base_url) as house:
        house.stack.stop()
        stack = SearchStack(
            config, database, FileStore(config.files_dir), is_answering=answering.is_set
        )
        busy = replace(house, stack=stack)
        told: list[bool] = []
        embed_some = MessageEmbedding.embed_some

        def noted(embedding: MessageEmbedding, **options: Any) -> int:
            told.append(stack.is_embedding_messages())
            return embed_some(embedding, **options)

        monkeypatch.setattr(MessageEmbedding, "embed_some", noted)
        stack.start()
        try:
            started = house.house.engine.ask(
                house.user_id, conversation_id=house.begin(), text=FACT, model="builtin:quotes"
            )
            house.house.recorder.end(started.assistant_message_id)
            stack.wake()
            deadline = time.monotonic() + DEADLINE_S
            while found(busy, "Skagen") != [FACT]:
                assert time.monotonic() < deadline, "its words are not found"
                time.sleep(0.05)
            assert not has_vectors(database)
            assert not stack.is_embedding_messages()
            answering.clear()
            while not has_vectors(database) or stack.is_embedding_messages():
                assert time.monotonic() < deadline, "it is not embedded"
                time.sleep(0.05)
            assert True in told
        finally:
            stack.stop()


def test_a_few_are_embedded_although_answers_never_cease(
    database: Database,
    config: Config,
    openai_server: OpenAIServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(message_rows, "_LONGEST_WAY_GIVEN_S", 0.2)
    with open_memory_house(database, config, openai_server.base_url) as house:
        house.stack.stop()
        files = FileStore(config.files_dir)
        stack = SearchStack(config, database, files, is_answering=lambda: True)
        for text in (FACT, "The bakery opens at seven.", "My office is in room 12."):
            started = house.house.engine.ask(
                house.user_id, conversation_id=house.begin(), text=text, model="builtin:quotes"
            )
            house.house.recorder.end(started.assistant_message_id)
        stack.start()
        try:
            deadline = time.monotonic() + DEADLINE_S
            stack.wake()
            while len(found(replace(house, stack=stack), "Skagen bakery office")) < 3:
                assert time.monotonic() < deadline, "they are not found"
                time.sleep(0.05)
            while not has_vectors(database):
                assert time.monotonic() < deadline, "they are not embedded"
                time.sleep(0.05)
        finally:
            stack.stop()
