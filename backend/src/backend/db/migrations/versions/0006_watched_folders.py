"""Watched folders: which file on the machine is which document"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Whatever is there already was uploaded by somebody.
    op.add_column(
        "documents",
        sa.Column("is_kept", sa.Boolean(), nullable=False, server_default=sa.true()),
    )
    op.create_table(
        "watched_files",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("folder", sa.LargeBinary(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("shown_path", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("document_id", sa.String(length=36), nullable=True),
        sa.Column("replaced_document_id", sa.String(length=36), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_watched_files_user_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["documents.id"],
            name=op.f("fk_watched_files_document_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["replaced_document_id"],
            ["documents.id"],
            name=op.f("fk_watched_files_replaced_document_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watched_files")),
    )
    op.create_index(
        "uq_watched_files_user_id_folder_path",
        "watched_files",
        ["user_id", "folder", "path"],
        unique=True,
    )
    op.create_index("ix_watched_files_user_id_sha256", "watched_files", ["user_id", "sha256"])
    op.create_index(op.f("ix_watched_files_document_id"), "watched_files", ["document_id"])
    op.create_index(
        op.f("ix_watched_files_replaced_document_id"), "watched_files", ["replaced_document_id"]
    )


def downgrade() -> None:
    op.drop_table("watched_files")
    op.drop_column("documents", "is_kept")
