"""Server processes ask each other, by the row, to stop or save an answer"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("writer_request", sa.String(16), nullable=True))


def downgrade() -> None:
    op.drop_column("messages", "writer_request")
