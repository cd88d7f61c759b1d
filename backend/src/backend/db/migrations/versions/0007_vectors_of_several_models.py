"""Vectors of several models side by side, and which of the models answers"""

import sqlalchemy as sa
from alembic import op

from backend.clock import utc_now
from backend.db.types import UTCDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "passage_vectors",
        sa.Column("chunk_id", sa.String(length=36), nullable=False),
        sa.Column("embedding_model", sa.Text(), nullable=False),
        sa.Column("document_id", sa.String(length=36), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("sentence_vectors", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["chunk_id"],
            ["chunks.id"],
            name=op.f("fk_passage_vectors_chunk_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("chunk_id", "embedding_model", name=op.f("pk_passage_vectors")),
    )
    op.create_table(
        "document_embeddings",
        sa.Column("document_id", sa.String(length=36), nullable=False),
        sa.Column("embedding_model", sa.Text(), nullable=False),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["documents.id"],
            name=op.f("fk_document_embeddings_document_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "document_id", "embedding_model", name=op.f("pk_document_embeddings")
        ),
    )
    op.create_table(
        "embedding_models",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=True),
        sa.Column("server_model", sa.Text(), nullable=True),
        sa.Column("key_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("dimension", sa.Integer(), nullable=True),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_embedding_models")),
    )
    op.execute(
        "INSERT INTO passage_vectors"
        " (chunk_id, embedding_model, document_id, vector, sentence_vectors)"
        " SELECT id, embedding_model, document_id, vector, sentence_vectors FROM chunks"
        " WHERE embedding_model IS NOT NULL AND vector IS NOT NULL"
        " AND sentence_vectors IS NOT NULL"
    )
    op.execute(
        "INSERT INTO document_embeddings (document_id, embedding_model)"
        " SELECT id, embedding_model FROM documents"
        " WHERE status = 'ready' AND embedding_model IS NOT NULL"
    )
    _let_the_commonest_model_serve()
    op.drop_column("documents", "embedding_model")
    for column in ("embedding_model", "vector", "sentence_vectors"):
        op.drop_column("chunks", column)


def downgrade() -> None:
    op.add_column("chunks", sa.Column("embedding_model", sa.Text(), nullable=True))
    op.add_column("chunks", sa.Column("vector", sa.LargeBinary(), nullable=True))
    op.add_column("chunks", sa.Column("sentence_vectors", sa.LargeBinary(), nullable=True))
    op.add_column("documents", sa.Column("embedding_model", sa.Text(), nullable=True))
    # Only what the serving model made has a place in the older schema.
    op.execute(
        "UPDATE chunks SET (embedding_model, vector, sentence_vectors) ="
        " (SELECT v.embedding_model, v.vector, v.sentence_vectors FROM passage_vectors v"
        " JOIN embedding_models m ON m.name = v.embedding_model AND m.role = 'serving'"
        " WHERE v.chunk_id = chunks.id)"
    )
    op.execute(
        "UPDATE documents SET embedding_model = (SELECT e.embedding_model"
        " FROM document_embeddings e"
        " JOIN embedding_models m ON m.name = e.embedding_model AND m.role = 'serving'"
        " WHERE e.document_id = documents.id AND e.error_code IS NULL)"
    )
    for table in ("embedding_models", "document_embeddings", "passage_vectors"):
        op.drop_table(table)


def _let_the_commonest_model_serve() -> None:
    """Where its server is, the configuration knows, if it still names this model."""
    connection = op.get_bind()
    commonest = connection.execute(
        sa.text(
            "SELECT embedding_model, max(length(vector)) / 4 FROM passage_vectors"
            " GROUP BY embedding_model ORDER BY count(*) DESC, embedding_model LIMIT 1"
        )
    ).first()
    if commonest is None:
        return
    models = sa.table(
        "embedding_models",
        sa.column("name", sa.Text()),
        sa.column("role", sa.String()),
        sa.column("dimension", sa.Integer()),
        sa.column("changed_at", UTCDateTime()),
    )
    connection.execute(
        sa.insert(models).values(
            name=commonest[0], role="serving", dimension=commonest[1], changed_at=utc_now()
        )
    )
