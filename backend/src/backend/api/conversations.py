"""Conversations. Messages are sent over Socket.IO and read here."""

from typing import Any

from apiflask import APIBlueprint

from backend.api import serializers
from backend.api.schemas import (
    ConversationAnswer,
    ConversationChange,
    ConversationDetail,
    ConversationList,
    ListQuery,
)
from backend.api.services import services
from backend.auth.middleware import current_identity
from backend.db.repositories import conversations, documents, messages, preferences
from backend.db.repositories.conversations import AskingChange
from backend.errors import ValidationFailed

blueprint = APIBlueprint(
    "conversations", __name__, url_prefix="/api/conversations", tag="Conversations"
)


@blueprint.get("")
@blueprint.input(ListQuery, location="query")
@blueprint.output(ConversationList)
def list_conversations(query_data: ListQuery) -> dict[str, Any]:
    """List the user's conversations, last used first."""
    with services().database.db_session() as session:
        records, next_cursor = conversations.list_page(
            session,
            current_identity().user_id,
            limit=query_data.limit,
            cursor=query_data.cursor,
        )
    return {"items": [serializers.conversation(r) for r in records], "next_cursor": next_cursor}


@blueprint.post("")
@blueprint.input(ConversationChange)
@blueprint.output(ConversationAnswer, status_code=201)
def create(json_data: ConversationChange) -> dict[str, Any]:
    """Begin a conversation; without a title its first question names it."""
    user_id = current_identity().user_id
    with services().database.db_transaction() as session:
        memory_enabled = json_data.memory_enabled
        if memory_enabled is None:
            memory_enabled = preferences.get(session, user_id).memory_enabled
        if memory_enabled is None:
            memory_enabled = services().config.memory_enabled
        record = conversations.create(
            session,
            user_id=user_id,
            title=_title(json_data.title),
            memory_enabled=memory_enabled,
            document_ids=json_data.document_ids or [],
            collection_ids=json_data.collection_ids or [],
            asking=_asking(json_data),
        )
    return {"conversation": serializers.conversation(record)}


@blueprint.get("/<id:conversation_id>")
@blueprint.output(ConversationDetail)
def show(conversation_id: str) -> dict[str, Any]:
    """Return a conversation with the messages of all its branches, oldest first."""
    user_id = current_identity().user_id
    with services().database.db_session() as session:
        record = conversations.get(session, user_id, conversation_id)
        all_messages = messages.list_for_conversation(session, user_id, conversation_id)
        cited_ids = {c["document_id"] for m in all_messages for c in m.citations}
        live_ids = documents.existing_ids(session, user_id, cited_ids) if cited_ids else set()
    return {
        "conversation": serializers.conversation(record),
        "messages": serializers.messages(all_messages, live_ids),
        "usage": serializers.usage_of(all_messages),
    }


@blueprint.patch("/<id:conversation_id>")
@blueprint.input(ConversationChange)
@blueprint.output(ConversationAnswer)
def change(conversation_id: str, json_data: ConversationChange) -> dict[str, Any]:
    """Rename a conversation, choose what it asks and how; null is a default again."""
    user_id = current_identity().user_id
    with services().database.db_transaction() as session:
        record = conversations.change(
            session,
            user_id,
            conversation_id,
            title=_title(json_data.title),
            memory_enabled=json_data.memory_enabled,
            document_ids=json_data.document_ids,
            collection_ids=json_data.collection_ids,
            asking=_asking(json_data),
        )
    conversation = serializers.conversation(record)
    services().emit("conversation_updated", {"conversation": conversation}, user_id)
    return {"conversation": conversation}


@blueprint.delete("/<id:conversation_id>")
@blueprint.output({}, status_code=204)
def delete(conversation_id: str) -> str:
    """Delete a conversation with its messages; an answer being written is stopped first."""
    user_id = current_identity().user_id
    with services().database.db_session() as session:
        conversations.get(session, user_id, conversation_id)
    services().stop_answers(user_id, conversation_id)
    with services().database.db_transaction() as session:
        conversations.remove(session, user_id, conversation_id)
    return ""


def _asking(json_data: ConversationChange) -> AskingChange:
    changes: AskingChange = {}
    if "system_prompt" in json_data.model_fields_set:
        prompt = json_data.system_prompt
        changes["system_prompt"] = None if prompt is None else prompt.strip()
    if "temperature" in json_data.model_fields_set:
        changes["temperature"] = json_data.temperature
    if "max_answer_tokens" in json_data.model_fields_set:
        changes["max_answer_tokens"] = json_data.max_answer_tokens
    return changes


def _title(title: str | None) -> str | None:
    if title is None:
        return None
    title = " ".join(title.split())
    if not title:
        raise ValidationFailed(
            "A title needs at least one character.",
            details={"title": "A title needs at least one character."},
        )
    return title
