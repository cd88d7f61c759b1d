"""Another embedding model: the old one answers until every document is embedded anew."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from backend.config import Config
from backend.db.models import EmbeddingModel, PassageVectors
from backend.db.repositories import deletions, documents
from backend.db.repositories.documents import DocumentRecord
from backend.db.session import Database
from backend.ingest.worker import Worker, drain
from backend.search_stack import SearchStack
from embedding_server import EmbeddingServer, run_embedding_server
from ingest.search_house import ANSWER, QUESTION, House

Upload = Callable[..., DocumentRecord]
Look = Callable[[str], DocumentRecord]
Use = Callable[[str], Config]

TEXT = b"The lighthouse of Genoa is 77 metres high. Its lamp is electric.\n\n" * 40
TOWERS = "\n\n".join(f"Tower {n} stands on cape {n * 7}. " * 10 for n in range(12))
LATE, LATE_ANSWER = "Wer hütet das Feuer?", "Agnes keeps the light."


@pytest.fixture
def server() -> Iterator[EmbeddingServer]:
    with run_embedding_server() as server:
        server.synonyms = {QUESTION: ANSWER, LATE: LATE_ANSWER}
        yield server


@pytest.fixture
def use(make_config: Callable[..., Config], server: EmbeddingServer) -> Use:
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


@pytest.fixture
def database(request: pytest.FixtureRequest, database: Database) -> Database:
    """SQLite, and PostgreSQL where a test asks for both."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return database
    postgres: Database = request.getfixturevalue("postgres_database")
    return postgres


@pytest.fixture
def start(database: Database, user_id: str) -> Iterator[Callable[[Config], House]]:
    """Return a function that starts the server anew with another configuration."""
    houses: list[House] = []

    def start(config: Config) -> House:
        for house in houses:
            house.stack.stop()
        houses.append(House(config, database, user_id))
        return houses[-1]

    yield start
    for house in houses:
        house.stack.stop()


def models(database: Database) -> dict[str, int]:
    """Return how many passages have vectors of each model."""
    with database.db_session() as session:
        model = PassageVectors.embedding_model
        rows = session.execute(select(model, func.count()).group_by(model))
        return {row[0]: row[1] for row in rows}


def work_a_little(config: Config, database: Database, batches: int = 3) -> None:
    """Let a worker be stopped amid the next job, after so many committed batches."""
    ticks = 0

    def interrupt() -> None:
        nonlocal ticks
        ticks += 1
        if ticks == 2 * batches:  # one before each batch, one in it
            worker.stop()

    worker = Worker(config, database, on_progress=interrupt)
    worker.process_next()
    worker.close()


def test_a_document_is_embedded_by_the_server_that_the_configuration_names(
    use: Use,
    database: Database,
    upload: Upload,
    look: Look,
    start: Callable[[Config], House],
) -> None:
    document = upload(TOWERS.encode(), "a.txt")
    drain(use("small-16"), database)
    assert look(document.id).status == "ready"
    assert set(models(database)) == {"openai:small-16"}
    house = start(use("small-16"))
    assert house.is_found_by_meaning()
    assert house.findings() == []


@pytest.mark.parametrize(
    ("second", "database"),
    [
        ("other-16", "sqlite"),
        ("large-32", "sqlite"),
        pytest.param("large-32", "postgresql", marks=pytest.mark.postgres),
    ],
    indirect=["database"],
)
def test_the_old_model_answers_until_the_new_one_has_embedded_everything(
    use: Use,
    server: EmbeddingServer,
    database: Database,
    upload: Upload,
    look: Look,
    start: Callable[[Config], House],
    second: str,
) -> None:
    document = upload(TOWERS.encode(), "a.txt")
    drain(use("small-16"), database)
    count = look(document.id).chunk_count or 0
    assert start(use("small-16")).is_found_by_meaning()

    house = start(use(second))
    assert house.is_found_by_meaning()
    work_a_little(use(second), database)
    half = models(database)
    assert half["openai:small-16"] == count
    assert 0 < half[f"openai:{second}"] < count
    house.advance()
    state = look(document.id)
    assert (state.status, state.searchable, state.progress_total) == ("ready", True, None)
    assert house.is_found_by_meaning()
    assert house.findings() == []
    assert QUESTION not in server.asked[second]

    late = upload(b"Agnes keeps the light. She lives alone.", "late.txt")
    worker = Worker(use(second), database)
    assert worker.process_next()
    worker.close()
    assert look(late.id).status == "ready"
    assert set(models(database)) == {"openai:small-16", f"openai:{second}"}
    house.advance()
    assert house.is_found_by_meaning(LATE, LATE_ANSWER)

    drain(use(second), database)
    embedded = server.asked[second]
    assert len(embedded) - len(set(embedded)) <= 4  # a name, and sentences that passages share
    assert house.is_found_by_meaning()
    assert {QUESTION, LATE}.isdisjoint(embedded)
    server.asked.clear()
    house.advance()
    assert house.is_found_by_meaning()
    assert house.is_found_by_meaning(LATE, LATE_ANSWER)
    assert server.asked == {second: [QUESTION, LATE]}
    assert house.findings() == []
    house.advance()
    assert set(models(database)) == {f"openai:{second}"}
    assert house.indexed_models() == 1
    assert house.is_found_by_meaning()
    assert house.findings() == []
    assert start(use(second)).is_found_by_meaning()
    assert drain(use(second), database) == 0


def test_no_search_fails_or_finds_less_while_the_models_are_exchanged(
    use: Use, database: Database, upload: Upload, start: Callable[[Config], House]
) -> None:
    upload(TOWERS.encode(), "a.txt")
    drain(use("small-16"), database)
    start(use("small-16"))
    drain(use("large-32"), database)
    house = start(use("large-32"))
    found: list[bool] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            found.append(house.is_found_by_meaning())

    asking = threading.Thread(target=ask)
    asking.start()
    house.advance()
    while len(found) < 30:
        threading.Event().wait(0.01)
    done.set()
    asking.join()
    assert all(found)
    house.advance()
    assert set(models(database)) == {"openai:large-32"}


def test_switching_back_amid_a_change_embeds_nothing_and_drops_what_was_begun(
    use: Use,
    server: EmbeddingServer,
    database: Database,
    upload: Upload,
    start: Callable[[Config], House],
) -> None:
    upload(TOWERS.encode(), "a.txt")
    drain(use("small-16"), database)
    start(use("small-16"))
    start(use("large-32"))
    work_a_little(use("large-32"), database)
    server.asked.clear()

    house = start(use("small-16"))
    drain(use("small-16"), database)
    assert server.asked == {}
    assert house.is_found_by_meaning()
    house.advance()
    assert set(models(database)) == {"openai:small-16"}
    assert house.findings() == []
    assert drain(use("small-16"), database) == 0


def test_a_third_model_amid_a_change_takes_the_place_of_the_second(
    use: Use, database: Database, upload: Upload, start: Callable[[Config], House]
) -> None:
    upload(TOWERS.encode(), "a.txt")
    drain(use("small-16"), database)
    start(use("small-16"))
    work_a_little(use("large-32"), database)
    house = start(use("third-24"))
    assert house.is_found_by_meaning()
    drain(use("third-24"), database)
    house.stack.drain()
    assert house.findings() == []
    house.advance()
    house.advance()
    assert set(models(database)) == {"openai:third-24"}
    assert house.is_found_by_meaning()
    assert house.findings() == []


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_server_that_does_not_lead_follows_when_another_one_has_switched(
    use: Use,
    database: Database,
    upload: Upload,
    user_id: str,
    tmp_path: Path,
    start: Callable[[Config], House],
) -> None:
    upload(TOWERS.encode(), "a.txt")
    drain(use("small-16"), database)
    start(use("small-16"))
    drain(use("large-32"), database)
    # An index of its own each: the embedded one cannot be shared.
    beside = use("large-32").model_copy(update={"data_dir": tmp_path / "beside"})
    leading = start(use("large-32"))
    following = SearchStack(beside, database, leading.files, grace_s=0)
    try:
        following.embed(["a text"])
        following.advance_change()
        assert following.embed(["a text"]).shape == (1, 16)
        leading.advance()
        assert leading.is_found_by_meaning()
        following.advance_change()
        assert following.embed(["a text"]).shape == (1, 32)
        following.search(user_id=user_id, query=QUESTION)
    finally:
        following.stop()


def test_documents_that_go_or_are_read_anew_amid_a_change_leave_nothing_behind(
    use: Use,
    database: Database,
    upload: Upload,
    look: Look,
    user_id: str,
    start: Callable[[Config], House],
) -> None:
    ids = [upload(f"{TOWERS}\n\n{n}".encode(), f"{n}.txt").id for n in range(3)]
    drain(use("small-16"), database)
    start(use("small-16"))
    changed = use("large-32")
    house = start(changed)
    work_a_little(changed, database)
    with database.db_transaction() as session:
        deletions.mark_deleted(session, user_id, ids[0])
        assert documents.retry(session, user_id, ids[1]).status == "queued"
        assert documents.cancel(session, user_id, ids[2]).status == "ready"
    house.advance()
    drain(changed, database)
    house.advance()
    assert house.findings() == []
    assert {look(id_).status for id_ in ids[1:]} == {"ready"}
    assert house.is_found_by_meaning()
    house.advance()
    assert set(models(database)) == {"openai:large-32"}


def test_a_document_that_the_new_model_refuses_does_not_hold_up_the_others(
    use: Use,
    server: EmbeddingServer,
    database: Database,
    upload: Upload,
    look: Look,
    user_id: str,
    start: Callable[[Config], House],
) -> None:
    upload(TOWERS.encode(), "a.txt")
    refused = upload(b"Agnes keeps the light. She lives alone.", "refused.txt")
    drain(use("small-16"), database)
    start(use("small-16"))
    server.refused_text = "She lives alone."
    changed = use("large-32")
    house = start(changed)
    drain(changed, database)
    assert look(refused.id).status == "ready"
    assert house.is_found_by_meaning(LATE, LATE_ANSWER)
    house.advance()
    state = look(refused.id)
    assert (state.status, state.error_code) == ("failed", "embedding_refused")
    assert house.is_found_by_meaning()
    assert house.find("Agnes")[0].chunk.document_id == refused.id
    server.refused_text = None
    with database.db_transaction() as session:
        documents.retry(session, user_id, refused.id)
    drain(changed, database)
    house.advance()
    assert look(refused.id).status == "ready"
    assert house.is_found_by_meaning(LATE, LATE_ANSWER)
    assert house.findings() == []


@pytest.mark.parametrize("second", ["rate-limited", "unauthorized"])
def test_a_new_model_that_embeds_nothing_harms_nobody(
    use: Use,
    server: EmbeddingServer,
    database: Database,
    upload: Upload,
    look: Look,
    start: Callable[[Config], House],
    second: str,
) -> None:
    ids = [upload(f"{TOWERS}\n\n{n}".encode(), f"{n}.txt").id for n in range(3)]
    drain(use("small-16"), database)
    start(use("small-16"))
    house = start(use(second))
    worker = Worker(use(second), database)
    for _ in range(5):
        worker.process_next()
    worker.close()
    house.advance()
    assert {look(id_).status for id_ in ids} == {"ready"}
    assert house.is_found_by_meaning()
    assert house.findings() == []
    assert set(models(database)) == {"openai:small-16"}


def test_when_the_old_server_is_gone_new_documents_are_embedded_by_the_next_model(
    use: Use,
    make_config: Callable[..., Config],
    database: Database,
    upload: Upload,
    look: Look,
    start: Callable[[Config], House],
) -> None:
    gone = make_config(
        embedding_url="http://127.0.0.1:9/v1",
        embedding_model="gone-16",
        ingest_retry_base_s=0.001,
    )
    drain(gone, database)
    document = upload(TOWERS.encode(), "a.txt")
    drain(use("large-32"), database)
    while look(document.id).status == "embedding":
        drain(use("large-32"), database)
    assert look(document.id).status == "ready"
    assert set(models(database)) == {"openai:large-32"}


def test_a_key_of_the_old_server_is_kept_encrypted_and_used_while_it_serves(
    use: Use,
    make_config: Callable[..., Config],
    server: EmbeddingServer,
    database: Database,
    upload: Upload,
    start: Callable[[Config], House],
) -> None:
    old = make_config(
        embedding_url=server.base_url,
        embedding_model="small-16",
        embedding_api_key="old-secret",
    )
    upload(TOWERS.encode(), "a.txt")
    drain(old, database)
    start(old)
    server.keys.clear()
    assert start(use("large-32")).is_found_by_meaning()
    assert server.keys == {"Bearer old-secret"}
    with database.db_session() as session:
        stored = session.scalars(select(EmbeddingModel.key_encrypted)).all()
    assert stored
    assert not any(key and b"old-secret" in key for key in stored)


def test_a_model_that_cannot_be_loaded_any_more_leaves_keywords_until_the_next_one_serves(
    use: Use,
    database: Database,
    upload: Upload,
    look: Look,
    start: Callable[[Config], House],
) -> None:
    document = upload(TOWERS.encode(), "a.txt")
    drain(use("small-16"), database)
    with database.db_transaction() as session:  # as if an older version had not noted it
        session.execute(update(EmbeddingModel).values(base_url=None, server_model=None))
        session.execute(update(EmbeddingModel).values(dimension=16))
    house = start(use("large-32"))
    assert house.find("Tower")[0].sentence_cosine is None
    assert house.findings() == []
    drain(use("large-32"), database)
    house.advance()
    assert house.is_found_by_meaning()
    assert look(document.id).status == "ready"


def test_words_still_find_everything_while_the_model_is_away(
    use: Use,
    server: EmbeddingServer,
    database: Database,
    upload: Upload,
    look: Look,
    user_id: str,
    start: Callable[[Config], House],
) -> None:
    config = use("small-16")
    upload(TEXT, "a.txt")
    drain(config, database)
    late = upload(TEXT + b"Another lighthouse.", "late.txt")
    server.is_down = True
    while look(late.id).status != "failed":
        drain(config, database)
    assert look(late.id).error_code == "embedding_unavailable"
    house = start(config)
    found = house.find("lighthouse", limit=50)
    assert found
    assert {hit.cosine for hit in found} == {None}
    server.is_down = False
    with database.db_transaction() as session:
        documents.retry(session, user_id, late.id)
    drain(config, database)
    assert look(late.id).status == "ready"
    house.stack.drain()
    assert None not in {hit.cosine for hit in house.find("lighthouse", limit=50)}
