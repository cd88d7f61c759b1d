"""Archives: which document goes with which archive, and what became of each file in one"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("documents", sa.Column("archive_id", sa.String(length=36), nullable=True))
    op.create_index(op.f("ix_documents_archive_id"), "documents", ["archive_id"])
    op.create_table(
        "archive_entries",
        sa.Column("archive_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("document_id", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(
            ["archive_id"],
            ["documents.id"],
            name=op.f("fk_archive_entries_archive_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["documents.id"],
            name=op.f("fk_archive_entries_document_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("archive_id", "number", name=op.f("pk_archive_entries")),
    )
    op.create_index(op.f("ix_archive_entries_document_id"), "archive_entries", ["document_id"])


def downgrade() -> None:
    op.drop_table("archive_entries")
    op.drop_index(op.f("ix_documents_archive_id"), "documents")
    op.drop_column("documents", "archive_id")
