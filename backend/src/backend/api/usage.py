"""Tokens that answers took."""

from dataclasses import asdict
from typing import Any

from apiflask import APIBlueprint

from backend.api.asking_schemas import UsageAnswer, UsageQuery
from backend.api.services import services
from backend.auth.middleware import current_identity
from backend.db.repositories import conversations, usage

blueprint = APIBlueprint("usage", __name__, url_prefix="/api/usage", tag="Usage")

_SUMMED = ("input_tokens", "output_tokens", "message_count", "unknown_count")


@blueprint.get("")
@blueprint.input(UsageQuery, location="query")
@blueprint.output(UsageAnswer)
def show(query_data: UsageQuery) -> dict[str, Any]:
    """Sum the tokens of the user's answers by model, as their providers counted them."""
    user_id = current_identity().user_id
    with services().database.db_session() as session:
        if query_data.conversation_id is not None:
            conversations.get(session, user_id, query_data.conversation_id)
        models = usage.by_model(
            session,
            user_id,
            conversation_id=query_data.conversation_id,
            since=query_data.since,
        )
    items = [asdict(model) for model in models]
    return {"items": items, "total": {name: sum(i[name] for i in items) for name in _SUMMED}}
