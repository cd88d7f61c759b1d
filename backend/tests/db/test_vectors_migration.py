"""Vectors of the schema before move into the table of their own, on both databases."""

from alembic import command
from sqlalchemy import text

from backend.clock import utc_now
from backend.db.migrate import alembic_config, upgrade
from backend.db.repositories import chunks, embedding_models
from backend.db.session import Database
from chat_house import add_user

BEFORE = "0004"


def go_back(database: Database, revision: str = BEFORE) -> None:
    """Bring the database to an older schema; `BEFORE` has vectors in the passages' rows."""
    config = alembic_config()
    with database.engine.execution_options(begin_immediate=True).begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)


def add_old_document(database: Database, user_id: str, name: str, model: str | None) -> None:
    """Write rows as the older version did: two passages, the second not yet embedded if the
    document is not ready."""
    is_postgres = database.engine.dialect.name == "postgresql"
    now = utc_now() if is_postgres else utc_now().isoformat()
    is_ready = model is not None
    with database.db_transaction() as session:
        session.execute(
            text(
                "INSERT INTO documents (id, user_id, filename, media_type, size_bytes, sha256,"
                " status, searchable, chunk_count, embedding_model, created_at, updated_at)"
                " VALUES (:id, :user, :name, 'text/plain', 1, :sha256, :status, :yes, 2, :model,"
                " :created, :updated)"
            ),
            {
                "id": name,
                "name": name,
                "sha256": name,
                "user": user_id,
                "status": "ready" if is_ready else "embedding",
                "yes": True,
                "model": model,
                "created": now,
                "updated": now,
            },
        )
        for ordinal in range(2):
            vectors = is_ready or ordinal == 0
            session.execute(
                text(
                    "INSERT INTO chunks (id, document_id, user_id, ordinal, text, heading,"
                    ' start, "end", page_spans, sentences, embedding_model, vector,'
                    " sentence_vectors) VALUES (:id, :document, :user, :ordinal, 'Text.', '',"
                    " 0, 5, '[[1, 0, 5]]', '[[0, 5]]', :model, :vector, :rows)"
                ),
                {
                    "id": f"{name}-{ordinal}",
                    "document": name,
                    "user": user_id,
                    "ordinal": ordinal,
                    "model": (model or "common") if vectors else None,
                    "vector": b"12345678" if vectors else None,
                    "rows": b"12" if vectors else None,
                },
            )


def test_vectors_of_an_older_database_are_carried_over(any_database: Database) -> None:
    user_id = add_user(any_database, "ann")
    go_back(any_database)
    for name, model in (("a", "common"), ("b", "common"), ("c", "rare"), ("d", None)):
        add_old_document(any_database, user_id, name, model)
    upgrade(any_database)
    with any_database.db_session() as session:
        models = embedding_models.load(session)
        assert (models.serving.name, models.serving.dimension) == ("common", 2)
        assert models.next is None
        embedded = {name: chunks.count(session, name, embedded_by="common") for name in "abcd"}
        assert embedded == {"a": 2, "b": 2, "c": 0, "d": 1}
        assert chunks.count(session, "c", embedded_by="rare") == 2
        (_, point) = chunks.load_points(session, "a", 0, 1, "common")
        assert point.vector == b"12345678"
        (evidence,) = chunks.load_evidence(session, user_id, ["a-1"], "common")
        assert evidence.sentence_vectors == b"12"
        rows = session.execute(
            text("SELECT document_id, embedding_model FROM document_embeddings ORDER BY 1")
        )
        assert [tuple(row) for row in rows] == [("a", "common"), ("b", "common"), ("c", "rare")]


def test_going_back_keeps_what_the_serving_model_made(any_database: Database) -> None:
    user_id = add_user(any_database, "ann")
    go_back(any_database)
    add_old_document(any_database, user_id, "a", "common")
    upgrade(any_database)
    go_back(any_database)
    with any_database.db_session() as session:
        rows = session.execute(text("SELECT embedding_model, vector FROM chunks ORDER BY id"))
        assert [(row[0], bytes(row[1])) for row in rows] == [("common", b"12345678")] * 2
        assert session.scalar(text("SELECT embedding_model FROM documents")) == "common"
