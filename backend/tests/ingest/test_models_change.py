"""Another embedding model: documents are embedded anew in the background, and back again."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import func, select

from backend.config import Config
from backend.db.models import Chunk
from backend.db.repositories import documents, index_tasks
from backend.db.repositories.documents import DocumentRecord
from backend.db.session import Database
from backend.files import FileStore
from backend.ingest.worker import Worker, drain
from backend.search_stack import SearchStack
from embedding_server import EmbeddingServer, run_embedding_server

Upload = Callable[..., DocumentRecord]
Look = Callable[[str], DocumentRecord]

TEXT = b"The lighthouse of Genoa is 77 metres high. Its lamp is electric.\n\n" * 40


@pytest.fixture
def server() -> Iterator[EmbeddingServer]:
    with run_embedding_server() as server:
        yield server


@pytest.fixture
def use(make_config: Callable[..., Config], server: EmbeddingServer) -> Callable[[str], Config]:
    """Return a function that makes a Config with that model of the server."""

    def make(model: str) -> Config:
        return make_config(
            chunk_max_characters=1000,
            embedding_url=server.base_url,
            embedding_model=model,
            embedding_batch_chunks=1,
            ingest_retry_base_s=0.001,
        )

    return make


def models(database: Database) -> dict[str | None, int]:
    """Return how many passages each model has embedded."""
    with database.db_session() as session:
        query = select(Chunk.embedding_model, func.count()).group_by(Chunk.embedding_model)
        return {row[0]: row[1] for row in session.execute(query)}


def find(config: Config, database: Database, user_id: str) -> list[float | None]:
    """Search the index as it is after all that was committed; return the hits' cosines."""
    stack = SearchStack(config, database, FileStore(config.files_dir))
    try:
        stack.drain()
        return [hit.cosine for hit in stack.search(user_id=user_id, query="lighthouse", limit=50)]
    finally:
        stack.stop()


def test_a_document_is_embedded_by_the_server_that_the_configuration_names(
    use: Callable[[str], Config], database: Database, upload: Upload, look: Look, user_id: str
) -> None:
    config = use("small-16")
    document = upload(TEXT, "a.txt")
    drain(config, database)
    assert look(document.id).status == "ready"
    assert set(models(database)) == {"openai:small-16"}
    assert all(cosine is not None for cosine in find(config, database, user_id))


@pytest.mark.parametrize("second", ["small-16b-16", "large-32"])
def test_a_change_of_the_model_embeds_anew_resumably_while_search_goes_on(
    use: Callable[[str], Config],
    database: Database,
    upload: Upload,
    look: Look,
    user_id: str,
    second: str,
) -> None:
    document = upload(TEXT, "a.txt")
    drain(use("small-16"), database)
    count = look(document.id).chunk_count or 0
    before = find(use("small-16"), database, user_id)

    changed = use(second)
    worker = Worker(changed, database, on_progress=lambda: interrupt(worker))
    ticks = 0

    def interrupt(worker: Worker) -> None:
        nonlocal ticks
        ticks += 1
        if ticks == 3:
            worker.stop()

    worker.process_next()
    worker.close()
    state = look(document.id)
    assert (state.status, state.progress_total) == ("embedding", count)
    half = models(database)
    assert set(half) == {"openai:small-16", f"openai:{second}"}
    found = find(changed, database, user_id)
    assert len(found) == len(before)
    assert {cosine is None for cosine in found} == {True, False}
    assert look(document.id).searchable

    drain(changed, database)
    assert look(document.id).status == "ready"
    assert models(database) == {f"openai:{second}": count}
    assert None not in find(changed, database, user_id)

    back = use("small-16")
    drain(back, database)
    assert models(database) == {"openai:small-16": count}
    assert None not in find(back, database, user_id)
    assert drain(back, database) == 0


def test_while_the_server_is_away_documents_wait_and_search_goes_by_keywords(
    use: Callable[[str], Config],
    server: EmbeddingServer,
    database: Database,
    upload: Upload,
    look: Look,
    user_id: str,
) -> None:
    config = use("small-16")
    upload(TEXT, "a.txt")
    drain(config, database)
    late = upload(TEXT + b"Another lighthouse.", "late.txt")
    server.is_down = True
    while look(late.id).status != "failed":
        drain(config, database)
    assert look(late.id).error_code == "embedding_unavailable"
    found = find(config, database, user_id)
    assert found
    assert set(found) == {None}
    server.is_down = False
    with database.db_transaction() as session:
        documents.retry(session, user_id, late.id)
    drain(config, database)
    assert look(late.id).status == "ready"
    assert None not in find(config, database, user_id)


def test_a_server_that_refuses_ends_the_document_at_once_with_a_reason(
    use: Callable[[str], Config], database: Database, upload: Upload, look: Look
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
    use: Callable[[str], Config],
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
        rows = session.scalars(select(Chunk).where(Chunk.document_id == second.id)).all()
        assert all(row.vector and row.sentence_vectors for row in rows)
