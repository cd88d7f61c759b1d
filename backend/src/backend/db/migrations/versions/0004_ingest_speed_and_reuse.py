"""What ingest needs to tell its speed, to do nothing twice and to change the model"""

import sqlalchemy as sa
from alembic import op

from backend.db.types import JsonColumn, UTCDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Passages of older versions have no digest: they are embedded, but never copied from.
    op.add_column("chunks", sa.Column("text_sha256", sa.String(length=64), nullable=True))
    op.create_index(op.f("ix_chunks_text_sha256"), "chunks", ["text_sha256"])

    op.add_column("ingest_jobs", sa.Column("checkpoint", JsonColumn, nullable=True))

    op.add_column("documents", sa.Column("embedding_model", sa.Text(), nullable=True))
    op.add_column("documents", sa.Column("stage_started_at", UTCDateTime(), nullable=True))
    op.add_column("documents", sa.Column("stage_started_done", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE documents SET embedding_model = (SELECT chunks.embedding_model FROM chunks"
        " WHERE chunks.document_id = documents.id AND chunks.ordinal = 0)"
        " WHERE status = 'ready'"
    )


def downgrade() -> None:
    for column in ("embedding_model", "stage_started_at", "stage_started_done"):
        op.drop_column("documents", column)
    op.drop_column("ingest_jobs", "checkpoint")
    op.drop_index(op.f("ix_chunks_text_sha256"), "chunks")
    op.drop_column("chunks", "text_sha256")
