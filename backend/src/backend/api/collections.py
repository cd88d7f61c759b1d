"""Collections: named sets of documents."""

from typing import Any

from apiflask import APIBlueprint

from backend.api import serializers
from backend.api.schemas import (
    CollectionAnswer,
    CollectionChange,
    CollectionList,
    DocumentAnswer,
    ListQuery,
    NewCollection,
)
from backend.api.services import services
from backend.auth.middleware import current_identity
from backend.db.repositories import collections, documents
from backend.db.repositories.collections import CollectionRecord
from backend.errors import ValidationFailed

blueprint = APIBlueprint("collections", __name__, url_prefix="/api/collections", tag="Collections")

_NAME_MAX_CHARACTERS = 100


@blueprint.get("")
@blueprint.input(ListQuery, location="query")
@blueprint.output(CollectionList)
def list_collections(query_data: ListQuery) -> dict[str, Any]:
    """List the user's collections by name."""
    with services().database.db_session() as session:
        records, next_cursor = collections.list_page(
            session, current_identity().user_id, query_data.limit, query_data.cursor
        )
    return {"items": [serializers.collection(r) for r in records], "next_cursor": next_cursor}


@blueprint.post("")
@blueprint.input(NewCollection)
@blueprint.output(CollectionAnswer, status_code=201)
def create(json_data: NewCollection) -> dict[str, Any]:
    """Make an empty collection."""
    with services().database.db_transaction() as session:
        record = collections.create(session, current_identity().user_id, _name(json_data.name))
    return _tell(record)


@blueprint.patch("/<id:collection_id>")
@blueprint.input(CollectionChange)
@blueprint.output(CollectionAnswer)
def rename(collection_id: str, json_data: CollectionChange) -> dict[str, Any]:
    """Give a collection another name."""
    user_id = current_identity().user_id
    with services().database.db_transaction() as session:
        record = collections.get(session, user_id, collection_id)
        if json_data.name is not None:
            record = collections.rename(session, user_id, collection_id, _name(json_data.name))
    return _tell(record)


@blueprint.delete("/<id:collection_id>")
@blueprint.output({}, status_code=204)
def delete(collection_id: str) -> str:
    """Delete a collection; its documents stay."""
    user_id = current_identity().user_id
    with services().database.db_transaction() as session:
        collections.remove(session, user_id, collection_id)
    services().emit("collection_deleted", {"collection_id": collection_id}, user_id)
    return ""


@blueprint.put("/<id:collection_id>/documents/<id:document_id>")
@blueprint.output(DocumentAnswer)
def put_document(collection_id: str, document_id: str) -> dict[str, Any]:
    """Put a document into a collection."""
    user_id = current_identity().user_id
    with services().database.db_transaction() as session:
        record = collections.add_document(session, user_id, collection_id, document_id)
        document = documents.get(session, user_id, document_id)
    _tell(record)
    return {"document": serializers.document(document)}


@blueprint.delete("/<id:collection_id>/documents/<id:document_id>")
@blueprint.output({}, status_code=204)
def remove_document(collection_id: str, document_id: str) -> str:
    """Take a document out of a collection."""
    with services().database.db_transaction() as session:
        record = collections.remove_document(
            session, current_identity().user_id, collection_id, document_id
        )
    _tell(record)
    return ""


def _tell(record: CollectionRecord) -> dict[str, Any]:
    """Send the collection to the user's open pages and return it."""
    answer = {"collection": serializers.collection(record)}
    services().emit("collection_updated", answer, record.user_id)
    return answer


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= _NAME_MAX_CHARACTERS:
        sentence = f"A collection's name has 1 to {_NAME_MAX_CHARACTERS} characters."
        raise ValidationFailed(sentence, details={"name": sentence})
    return name
