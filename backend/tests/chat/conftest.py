"""Fixtures for answers."""

from collections.abc import Iterator

import pytest

from backend.config import Config
from backend.db.session import Database
from chat_house import House, build_house
from openai_server import OpenAIServer, run_openai_server


@pytest.fixture
def openai_server() -> Iterator[OpenAIServer]:
    with run_openai_server() as running:
        yield running


@pytest.fixture
def house(database: Database, config: Config, openai_server: OpenAIServer) -> Iterator[House]:
    """A user with a document, a conversation and access to the server as `custom`."""
    built = build_house(database, config, openai_server.base_url)
    built.engine.start()
    yield built
    built.engine.stop()
