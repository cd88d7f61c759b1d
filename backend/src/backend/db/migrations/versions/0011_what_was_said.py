"""What was said becomes searchable: passages of messages, their vectors, and what is remembered"""

import sqlalchemy as sa
from alembic import op

from backend.db.types import JsonColumn, UTCDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("memories_state", sa.String(length=16), nullable=True),
        sa.Column("memory_enabled", sa.Boolean(), nullable=True),
        sa.Column("is_remembered", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("split_at", UTCDateTime(), nullable=True),
    ):
        op.add_column("messages", column)
    op.create_index("ix_messages_user_id_id", "messages", ["user_id", "id"])
    op.create_index(
        "ix_messages_unsplit",
        "messages",
        ["id"],
        sqlite_where=sa.text("split_at IS NULL"),
        postgresql_where=sa.text("split_at IS NULL"),
    )
    op.add_column(
        "index_tasks",
        sa.Column(
            "subject", sa.String(length=16), server_default=sa.text("'documents'"), nullable=False
        ),
    )
    op.add_column("maintenance_requests", sa.Column("arguments", JsonColumn, nullable=True))
    op.create_table(
        "message_passages",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("message_id", sa.String(length=36), nullable=False),
        sa.Column("conversation_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("sentences", JsonColumn, nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.id"],
            name=op.f("fk_message_passages_message_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_message_passages_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_message_passages_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_passages")),
    )
    op.create_index(op.f("ix_message_passages_message_id"), "message_passages", ["message_id"])
    op.create_index(
        "uq_message_passages_conversation_id_ordinal",
        "message_passages",
        ["conversation_id", "ordinal"],
        unique=True,
    )
    op.create_table(
        "message_vectors",
        sa.Column("passage_id", sa.String(length=36), nullable=False),
        sa.Column("embedding_model", sa.Text(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["passage_id"],
            ["message_passages.id"],
            name=op.f("fk_message_vectors_passage_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("passage_id", "embedding_model", name=op.f("pk_message_vectors")),
    )
    # What was said before the upgrade is remembered where memory was on; an answer of the
    # built-in quotes only repeats documents.
    op.execute(
        "UPDATE messages SET is_remembered = true"
        " WHERE conversation_id IN (SELECT id FROM conversations WHERE memory_enabled)"
        " AND status <> 'failed' AND (role = 'user' OR model <> 'builtin:quotes')"
    )


def downgrade() -> None:
    op.drop_table("message_vectors")
    op.drop_table("message_passages")
    op.drop_column("maintenance_requests", "arguments")
    op.execute("DELETE FROM index_tasks WHERE subject <> 'documents'")
    op.drop_column("index_tasks", "subject")
    op.drop_index("ix_messages_unsplit", "messages")
    op.drop_index("ix_messages_user_id_id", "messages")
    for column in ("split_at", "is_remembered", "memory_enabled", "memories_state"):
        op.drop_column("messages", column)
