"""Records become the JSON objects of the wire contract."""

import math
from collections.abc import Collection, Sequence
from typing import Any

from backend.auth.sessions import NewSession
from backend.chat.message_search import FoundMessage
from backend.chat.passage_search import FoundPassage
from backend.chat.placeholders import placeholder_names
from backend.clock import to_wire
from backend.db.repositories.api_keys import ApiKeyRecord
from backend.db.repositories.auth_sessions import AuthSessionRecord
from backend.db.repositories.collections import CollectionRecord
from backend.db.repositories.conversations import ConversationRecord
from backend.db.repositories.documents import DocumentRecord
from backend.db.repositories.memory import MemoryStats, RememberedMessage
from backend.db.repositories.messages import MessageRecord, Metering
from backend.db.repositories.prompt_templates import PromptTemplateRecord
from backend.db.repositories.users import UserRecord


def user(record: UserRecord) -> dict[str, Any]:
    """Return a user; never the password's hash."""
    return {
        "id": record.id,
        "username": record.username,
        "role": record.role,
        "created_at": to_wire(record.created_at),
    }


def logged_in(record: UserRecord, new_session: NewSession) -> dict[str, Any]:
    """Return the answer to a registration or a log-in."""
    return {
        "user": user(record),
        "token": new_session.token,
        "expires_at": to_wire(new_session.expires_at),
    }


def auth_session(record: AuthSessionRecord, current_id: str) -> dict[str, Any]:
    """Return a log-in session; `current` marks the one that asks."""
    return {
        "id": record.id,
        "user_agent": record.user_agent,
        "created_at": to_wire(record.created_at),
        "last_used_at": to_wire(record.last_used_at),
        "expires_at": to_wire(record.expires_at),
        "current": record.id == current_id,
    }


def document(record: DocumentRecord) -> dict[str, Any]:
    """Return a document; `progress` only while it is being taken in."""
    progress = error = None
    if record.progress_done is not None and record.progress_total is not None:
        progress = {
            "stage": record.status,
            "done": record.progress_done,
            "total": record.progress_total,
        }
    if record.error_code is not None:
        error = {"code": record.error_code, "message": record.error_message or ""}
    return {
        "id": record.id,
        "filename": record.filename,
        "media_type": record.media_type,
        "size_bytes": record.size_bytes,
        "sha256": record.sha256,
        "status": record.status,
        "searchable": record.searchable,
        "progress": progress,
        "queue_position": record.queue_position,
        "eta_seconds": _eta_seconds(record),
        "error": error,
        "page_count": record.page_count,
        "chunk_count": record.chunk_count,
        "collection_ids": list(record.collection_ids),
        "archive_id": record.archive_id,
        "source_path": record.source_path,
        "created_at": to_wire(record.created_at),
        "ready_at": record.ready_at and to_wire(record.ready_at),
    }


def _eta_seconds(record: DocumentRecord) -> int | None:
    """Return how long the present stage will go on at the speed it had so far."""
    started_at, started_done = record.stage_started_at, record.stage_started_done
    done, total = record.progress_done, record.progress_total
    if started_at is None or started_done is None or done is None or total is None:
        return None
    if done <= started_done:
        return None
    seconds = (record.updated_at - started_at).total_seconds()
    return math.ceil(seconds / (done - started_done) * (total - done))


def collection(record: CollectionRecord) -> dict[str, Any]:
    """Return a collection without its documents."""
    return {
        "id": record.id,
        "name": record.name,
        "document_count": record.document_count,
        "created_at": to_wire(record.created_at),
        "updated_at": to_wire(record.updated_at),
    }


def conversation(record: ConversationRecord) -> dict[str, Any]:
    """Return a conversation without its messages."""
    return {
        "id": record.id,
        "title": record.title,
        "memory_enabled": record.memory_enabled,
        "document_ids": list(record.document_ids),
        "collection_ids": list(record.collection_ids),
        "system_prompt": record.system_prompt,
        "temperature": record.temperature,
        "max_answer_tokens": record.max_answer_tokens,
        "message_count": record.message_count,
        "created_at": to_wire(record.created_at),
        "updated_at": to_wire(record.updated_at),
    }


def messages(
    records: Sequence[MessageRecord], live_document_ids: Collection[str]
) -> list[dict[str, Any]]:
    """Return messages; each citation tells whether its document has been deleted since."""
    shown = [message(record) for record in records]
    for each in shown:
        each["citations"] = [
            {**citation, "document_deleted": citation["document_id"] not in live_document_ids}
            for citation in each["citations"]
        ]
    return shown


def message(record: MessageRecord) -> dict[str, Any]:
    """Return a message with its citations and memories, as stored."""
    return {
        "id": record.id,
        "conversation_id": record.conversation_id,
        "parent_id": record.parent_id,
        "role": record.role,
        "content": record.content,
        "status": record.status,
        "model": record.model,
        "error": record.error,
        "citations": record.citations,
        "memories": record.memories,
        "memories_state": record.memories_state,
        "remembered": record.is_remembered,
        "no_answer": record.no_answer,
        "usage": _usage(record.metering),
        "left_out": record.metering.left_out,
        "stop_reason": record.metering.stop_reason,
        "created_at": to_wire(record.created_at),
    }


def _usage(metering: Metering) -> dict[str, Any] | None:
    if metering.input_tokens is None:
        return None
    return {"input_tokens": metering.input_tokens, "output_tokens": metering.output_tokens}


def usage_of(records: Sequence[MessageRecord]) -> dict[str, Any]:
    """Return the sums over all answers whose tokens are known."""
    meterings = [record.metering for record in records]
    return {
        "input_tokens": sum(each.input_tokens or 0 for each in meterings),
        "output_tokens": sum(each.output_tokens or 0 for each in meterings),
    }


def prompt_template(record: PromptTemplateRecord) -> dict[str, Any]:
    """Return a prompt template with the names of its variables."""
    return {
        "id": record.id,
        "name": record.name,
        "text": record.text,
        "variables": placeholder_names(record.text),
        "created_at": to_wire(record.created_at),
        "updated_at": to_wire(record.updated_at),
    }


def api_key(record: ApiKeyRecord) -> dict[str, Any]:
    """Return what may be shown of a stored key; never the key."""
    return {
        "provider": record.provider,
        "base_url": record.base_url,
        "hint": record.hint,
        "created_at": to_wire(record.created_at),
        "updated_at": to_wire(record.updated_at),
    }


def passage(found: FoundPassage, record: DocumentRecord) -> dict[str, Any]:
    """Return a search's hit in a document."""
    return {
        "kind": "document",
        "score": round(found.score, 4),
        "quote": found.quote,
        "document": document(record),
        "page": found.page,
        "start": found.start,
        "end": found.end,
        "highlights": _spans(found.highlights),
    }


def found_message(found: FoundMessage) -> dict[str, Any]:
    """Return a search's hit in a conversation."""
    return {
        "kind": "message",
        "score": round(found.score, 4),
        "quote": found.quote,
        "start": found.start,
        "end": found.end,
        "highlights": _spans(found.highlights),
        "message": {
            "id": found.message_id,
            "conversation_id": found.conversation_id,
            "role": found.role,
            "model": found.model,
            "created_at": to_wire(found.said_at),
        },
        "conversation": {"id": found.conversation_id, "title": found.conversation_title},
    }


def _spans(pairs: Sequence[tuple[int, int]]) -> list[dict[str, int]]:
    return [{"start": start, "end": end} for start, end in pairs]


def memory_stats(stats: MemoryStats) -> dict[str, Any]:
    """Return how much is remembered."""
    return {
        "message_count": stats.message_count,
        "conversation_count": stats.conversation_count,
        "oldest": stats.oldest and to_wire(stats.oldest),
        "newest": stats.newest and to_wire(stats.newest),
    }


def remembered_message(record: RememberedMessage) -> dict[str, Any]:
    """Return a message as the export of the memory has it."""
    return {
        "message_id": record.message_id,
        "conversation_id": record.conversation_id,
        "conversation_title": record.conversation_title,
        "role": record.role,
        "model": record.model,
        "content": record.content,
        "created_at": to_wire(record.created_at),
    }
