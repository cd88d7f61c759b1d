"""What is remembered of the user's conversations: how much, a search, an export, forgetting."""

from typing import Any

from apiflask import APIBlueprint

from backend.api import serializers
from backend.api.schemas import (
    ForgetQuery,
    MemoryExport,
    MemoryList,
    MemoryQuery,
    MemoryStatsOut,
)
from backend.api.services import services
from backend.auth.middleware import current_identity
from backend.clock import to_wire, utc_now
from backend.db.repositories import memory

blueprint = APIBlueprint("memory", __name__, url_prefix="/api/memory", tag="Memory")


@blueprint.get("/stats")
@blueprint.output(MemoryStatsOut)
def stats() -> dict[str, Any]:
    """Count the messages that other conversations may be told of."""
    with services().database.db_session() as session:
        return serializers.memory_stats(memory.stats(session, current_identity().user_id))


@blueprint.get("/search")
@blueprint.input(MemoryQuery, location="query")
@blueprint.output(MemoryList)
def search(query_data: MemoryQuery) -> dict[str, Any]:
    """Return what would be recalled for a question, best first, however little it fits."""
    found = services().search_memory(current_identity().user_id, query_data.q, query_data.limit)
    return {"items": list(found)}


@blueprint.get("/export")
@blueprint.output(MemoryExport)
def export() -> dict[str, Any]:
    """Return everything that is remembered, word for word, oldest first."""
    with services().database.db_session() as session:
        items = [
            serializers.remembered_message(record)
            for record in memory.export(session, current_identity().user_id)
        ]
    return {"exported_at": to_wire(utc_now()), "items": items}


@blueprint.delete("")
@blueprint.input(ForgetQuery, location="query")
@blueprint.output({}, status_code=204)
def forget_all(query_data: ForgetQuery) -> str:
    """Forget everything, or all that was said before a time; the conversations stay."""
    with services().database.db_transaction() as session:
        memory.forget_all(session, current_identity().user_id, query_data.before)
    return ""


@blueprint.delete("/<id:message_id>")
@blueprint.output({}, status_code=204)
def forget_message(message_id: str) -> str:
    """Forget one message; it stays in its conversation."""
    with services().database.db_transaction() as session:
        memory.forget_message(session, current_identity().user_id, message_id)
    return ""


@blueprint.delete("/conversations/<id:conversation_id>")
@blueprint.output({}, status_code=204)
def forget_conversation(conversation_id: str) -> str:
    """Forget all that was said in a conversation; it stays as it is."""
    with services().database.db_transaction() as session:
        memory.forget_conversation(session, current_identity().user_id, conversation_id)
    return ""
