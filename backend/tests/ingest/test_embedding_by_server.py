"""Documents embedded by a server: what it refuses, and what it need not do twice."""

from collections.abc import Callable, Iterator

import pytest

from backend.config import Config
from backend.db.repositories import chunks, index_tasks
from backend.db.repositories.documents import DocumentRecord
from backend.db.session import Database
from backend.ingest.worker import drain
from embedding_server import EmbeddingServer, run_embedding_server

Upload = Callable[..., DocumentRecord]
Look = Callable[[str], DocumentRecord]
Use = Callable[[str], Config]

TEXT = b"The lighthouse of Genoa is 77 metres high. Its lamp is electric.\n\n" * 40


@pytest.fixture
def server() -> Iterator[EmbeddingServer]:
    with run_embedding_server() as server:
        yield server


@pytest.fixture
def use(make_config: Callable[..., Config], server: EmbeddingServer) -> Use:
    """Return a function that makes a Config with that model of the server."""
    return lambda model: make_config(embedding_url=server.base_url, embedding_model=model)


def test_a_server_that_refuses_ends_the_document_at_once_with_a_reason(
    use: Use, database: Database, upload: Upload, look: Look
) -> None:
    document = upload(TEXT, "a.txt")
    assert drain(use("unauthorized"), database) == 1
    failed = look(document.id)
    assert failed.error_code == "embedding_refused"
    assert failed.error_message is not None
    assert "Incorrect API key" in failed.error_message
    with database.db_session() as session:
        assert index_tasks.count(session) > 0  # keywords find it all the same


def test_the_same_text_in_another_document_is_not_embedded_again(
    use: Use,
    server: EmbeddingServer,
    database: Database,
    upload: Upload,
    look: Look,
) -> None:
    config = use("small-16")
    paragraphs = [f"Lamp {n} burns oil. Keeper {n} sleeps. " * 8 for n in range(60)]
    upload("\n\n".join(paragraphs).encode(), "report 1.txt")
    drain(config, database)
    server.texts.clear()
    changed = [*paragraphs[:30], "A new paragraph about lenses. " * 12, *paragraphs[30:]]
    second = upload("\n\n".join(changed).encode(), "report 2.txt")
    drain(config, database)
    assert look(second.id).status == "ready"
    assert 0 < len(server.texts) < 20
    with database.db_session() as session:
        done = chunks.count(session, second.id, embedded_by="openai:small-16")
        assert done == chunks.count(session, second.id)
