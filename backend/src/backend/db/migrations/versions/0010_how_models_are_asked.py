"""System prompts, limits and templates; what each answer took and what its prompt left out"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from backend.db.types import JsonColumn, UTCDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_COLUMNS: dict[str, tuple[tuple[str, sa.types.TypeEngine[Any]], ...]] = {
    "conversations": (
        ("system_prompt", sa.Text()),
        ("temperature", sa.Double()),
        ("max_answer_tokens", sa.Integer()),
    ),
    "messages": (
        ("input_tokens", sa.Integer()),
        ("output_tokens", sa.Integer()),
        ("estimated_input_tokens", sa.Integer()),
        ("stop_reason", sa.String(length=16)),
        ("left_out", JsonColumn),
    ),
}


def upgrade() -> None:
    for table, columns in _COLUMNS.items():
        for name, kind in columns:
            op.add_column(table, sa.Column(name, kind, nullable=True))
    op.create_table(
        "user_preferences",
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("system_prompt", sa.Text(), nullable=True),
        sa.Column("memory_enabled", sa.Boolean(), nullable=True),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_user_preferences_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_user_preferences")),
    )
    op.create_table(
        "prompt_templates",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_prompt_templates_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prompt_templates")),
    )
    op.create_index(
        "uq_prompt_templates_user_id_name_key",
        "prompt_templates",
        ["user_id", "name_key"],
        unique=True,
    )


def downgrade() -> None:
    op.drop_table("prompt_templates")
    op.drop_table("user_preferences")
    for table, columns in _COLUMNS.items():
        for name, _ in columns:
            op.drop_column(table, name)
