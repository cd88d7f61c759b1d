"""Search without an answer: the passages themselves."""

from typing import Any

from apiflask import APIBlueprint

from backend.api import serializers
from backend.api.schemas import SearchList, SearchQuery
from backend.api.services import services
from backend.auth.middleware import current_identity
from backend.db.repositories import documents

blueprint = APIBlueprint("search", __name__, url_prefix="/api", tag="Search")


@blueprint.get("/search")
@blueprint.input(SearchQuery, location="query")
@blueprint.output(SearchList)
def search(query_data: SearchQuery) -> dict[str, Any]:
    """Return the passages that match best, each with its document and page."""
    if query_data.kind == "messages":
        return {"items": []}
    user_id = current_identity().user_id
    found = services().search_passages(user_id, query_data.q, query_data.limit)
    with services().database.db_session() as session:
        there = documents.existing_ids(session, user_id, {p.document_id for p in found})
        records = {id_: documents.get(session, user_id, id_) for id_ in there}
    return {
        "items": [
            serializers.passage(passage, records[passage.document_id])
            for passage in found
            if passage.document_id in records
        ]
    }
