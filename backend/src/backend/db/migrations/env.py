"""Alembic's entry point; run by `backend.db.migrate`, which hands over the connection."""

from alembic import context

from backend.db.message_models import MessagePassage

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=MessagePassage.metadata,  # with all of `db.models`
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
    user_module_prefix="",
)
with context.begin_transaction():
    context.run_migrations()
