"""Which embedding model has which role, and when the next one may serve."""

import pytest
from sqlalchemy import delete

from backend.db.models import Document, PassageVectors
from backend.db.repositories import (
    chunks,
    document_embeddings,
    documents,
    embedding_models,
    index_tasks,
    ingest_jobs,
    reembedding,
)
from backend.db.repositories.chunks import EmbeddedChunk, NewChunk
from backend.db.repositories.reembedding import Progress
from backend.db.session import Database
from chat_house import add_document, add_user


def adopt(database: Database, name: str, base_url: str | None = None) -> dict[str, str]:
    """Configure a model; return the roles there are."""
    with database.db_transaction() as session:
        embedding_models.adopt(
            session, name, base_url=base_url, server_model=name, key_encrypted=None
        )
    return roles(database)


def roles(database: Database) -> dict[str, str]:
    with database.db_session() as session:
        models = embedding_models.load(session)
    known = [models.serving, *([models.next] if models.next else []), *models.retired]
    return {model.name: model.role for model in known}


def add_embedded_document(database: Database, user_id: str, name: str, model: str) -> str:
    document_id = add_document(database, user_id, name)
    new = [NewChunk(n, "Text.", "", 6 * n, 6 * n + 5, [[1, 0, 5]], [[0, 5]]) for n in range(3)]
    with database.db_transaction() as session:
        chunks.insert_many(session, user_id, document_id, new)
        ids = [chunks.chunk_id(document_id, n) for n in range(3)]
        chunks.save_vectors(session, model, [EmbeddedChunk(id_, b"1234", b"1") for id_ in ids])
        ingest_jobs.end(session, document_id)
        documents.start_embedding(session, document_id, 1, 3)
        documents.finish(session, document_id, model)
    return document_id


def test_the_first_model_serves_and_a_second_one_is_prepared(any_database: Database) -> None:
    assert adopt(any_database, "old") == {"old": "serving"}
    assert adopt(any_database, "old", "http://moved/v1") == {"old": "serving"}
    with any_database.db_session() as session:
        assert embedding_models.load(session).serving.base_url == "http://moved/v1"
    assert adopt(any_database, "new") == {"old": "serving", "new": "next"}


def test_going_back_gives_the_half_prepared_model_up(any_database: Database) -> None:
    user_id = add_user(any_database, "ann")
    adopt(any_database, "old")
    document_id = add_embedded_document(any_database, user_id, "a.txt", "old")
    adopt(any_database, "new")
    with any_database.db_transaction() as session:
        document_embeddings.complete(session, document_id, "new")
        assert reembedding.is_complete(session, "new")
    assert adopt(any_database, "old") == {"old": "serving", "new": "retired"}
    with any_database.db_session() as session:
        # Its vectors may go from now on: it would have to look at the document again.
        assert not reembedding.is_complete(session, "new")
    assert adopt(any_database, "new") == {"old": "serving", "new": "next"}
    assert adopt(any_database, "third") == {"old": "serving", "new": "retired", "third": "next"}


def test_the_next_model_serves_once_everything_is_embedded_and_indexed(
    any_database: Database,
) -> None:
    user_id = add_user(any_database, "ann")
    adopt(any_database, "old")
    first, second = (
        add_embedded_document(any_database, user_id, f"{n}.txt", "old") for n in range(2)
    )
    adopt(any_database, "new")
    with any_database.db_transaction() as session:
        document_embeddings.complete(session, first, "new")
        assert reembedding.progress(session, "new") == Progress(done=1, failed=0, total=2)
        assert not reembedding.switch(session, "new")
        reembedding.end_failed(session, second, "embedding_refused", "It is too long.")
        assert reembedding.progress(session, "new") == Progress(done=2, failed=1, total=2)
        index_tasks.add_upsert(session, user_id, first, 0, 0)
        session.flush()
        assert not reembedding.switch(session, "new")
        index_tasks.remove(session, [task.id for task in index_tasks.waiting(session, 9)])
        assert documents.get(session, user_id, second).status == "ready"
        assert reembedding.switch(session, "new")
        assert documents.get(session, user_id, first).status == "ready"
        failed = documents.get(session, user_id, second)
        assert (failed.status, failed.error_message) == ("failed", "It is too long.")
        assert documents.retry(session, user_id, second).status == "embedding"
    assert roles(any_database) == {"new": "serving", "old": "retired"}


@pytest.mark.parametrize(
    ("status", "is_queued"), [("ready", True), ("failed", True), ("queued", False)]
)
def test_documents_that_may_have_vectors_are_queued_for_the_next_model(
    any_database: Database, status: str, is_queued: bool
) -> None:
    user_id = add_user(any_database, "ann")
    adopt(any_database, "old")
    document_id = add_embedded_document(any_database, user_id, "a.txt", "old")
    adopt(any_database, "new")
    with any_database.db_transaction() as session:
        session.get_one(Document, document_id).status = status
        session.flush()
        models = embedding_models.load(session)
        assert reembedding.queue_lacking(session, models) == int(is_queued)
        assert reembedding.queue_lacking(session, models) == 0
        assert ingest_jobs.is_any_open(session) is is_queued


def test_of_a_document_embedded_in_part_only_that_part_is_embedded_anew(
    any_database: Database,
) -> None:
    user_id = add_user(any_database, "ann")
    document_id = add_embedded_document(any_database, user_id, "a.txt", "old")
    with any_database.db_transaction() as session:
        (bare,) = session.scalars(
            delete(PassageVectors)
            .where(PassageVectors.chunk_id == chunks.chunk_id(document_id, 1))
            .returning(PassageVectors.chunk_id)
        )
        lacking = chunks.load_unembedded(session, document_id, "new", 0, 9)
        assert [chunk.ordinal for chunk in lacking] == [0, 1, 2]
        partly = chunks.load_unembedded(session, document_id, "new", 0, 9, of_other_models=True)
        assert bare not in {chunk.id for chunk in partly}
        assert [chunk.ordinal for chunk in partly] == [0, 2]


def test_vectors_go_bit_by_bit(any_database: Database) -> None:
    user_id = add_user(any_database, "ann")
    document_id = add_embedded_document(any_database, user_id, "a.txt", "old")
    after: str | None = ""
    rounds = 0
    while after is not None:
        with any_database.db_transaction() as session:
            after = embedding_models.remove_vectors(session, "old", after, 2)
            rounds += 1
    assert rounds == 3
    with any_database.db_session() as session:
        assert chunks.count(session, document_id, embedded_by="old") == 0
