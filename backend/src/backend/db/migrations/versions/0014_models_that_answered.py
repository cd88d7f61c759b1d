"""Which models answered a user is read from an index"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_messages_user_id_model", "messages", ["user_id", "model"])


def downgrade() -> None:
    op.drop_index("ix_messages_user_id_model", "messages")
