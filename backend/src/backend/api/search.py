"""Search without an answer: passages of documents, and messages."""

from typing import Any

from apiflask import APIBlueprint

from backend.api import serializers
from backend.api.schemas import SearchList, SearchModelList, SearchQuery
from backend.api.services import services
from backend.auth.middleware import current_identity
from backend.chat.message_search import MessageFilter
from backend.db.repositories import documents, messages

blueprint = APIBlueprint("search", __name__, url_prefix="/api", tag="Search")


@blueprint.get("/search")
@blueprint.input(SearchQuery, location="query")
@blueprint.output(SearchList)
def search(query_data: SearchQuery) -> dict[str, Any]:
    """Return the passages of documents and the messages that match best, best first."""
    user_id = current_identity().user_id
    items: list[dict[str, Any]] = []
    if query_data.kind != "messages":
        items += _passages(user_id, query_data)
    if query_data.kind != "documents":
        items += _messages(user_id, query_data)
    items.sort(key=lambda item: -item["score"])
    return {"items": items[: query_data.limit]}


@blueprint.get("/search/models")
@blueprint.output(SearchModelList)
def list_models() -> dict[str, Any]:
    """Return the models that answered in the user's conversations, whether usable now or not."""
    with services().database.db_session() as session:
        found = messages.models(session, current_identity().user_id)
    return {"items": [{"id": model} for model in found]}


def _passages(user_id: str, query: SearchQuery) -> list[dict[str, Any]]:
    found = services().passage_search.find(user_id, query.q, query.limit)
    with services().database.db_session() as session:
        there = documents.existing_ids(session, user_id, {p.document_id for p in found})
        records = {id_: documents.get(session, user_id, id_) for id_ in there}
    return [
        serializers.passage(passage, records[passage.document_id])
        for passage in found
        if passage.document_id in records
    ]


def _messages(user_id: str, query: SearchQuery) -> list[dict[str, Any]]:
    where = MessageFilter(
        role=query.role,
        model=query.model,
        conversation_id=query.conversation_id,
        since=query.since,
        until=query.until,
    )
    found = services().message_search.find(user_id, query.q, where, query.limit)
    return [serializers.found_message(message) for message in found]
