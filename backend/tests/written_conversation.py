"""A conversation with two branches and citations, as its rows."""

from dataclasses import dataclass
from typing import Any

from backend.db.repositories import conversations, documents, messages
from backend.db.repositories.messages import Metering
from backend.db.session import Database

QUOTE = "The lighthouse of Genoa is 77 metres high."


@dataclass(frozen=True)
class WrittenConversation:
    id: str
    question_id: str
    first_answer_id: str
    second_answer_id: str  # the newest message, on a branch beside the first answer


def citation(
    n: int, document_id: str, filename: str = "tower.pdf", **fields: Any
) -> dict[str, Any]:
    return {
        "n": n,
        "document_id": document_id,
        "filename": filename,
        "chunk_id": f"c{n}",
        "quote": QUOTE,
        "pages": [{"page": 2, "start": 0, "end": 42}],
        "score": 0.9,
        "support": "verified",
        **fields,
    }


def add_document(database: Database, user_id: str, sha256: str, filename: str = "tower.pdf") -> str:
    with database.db_transaction() as session:
        document, _ = documents.create(
            session,
            user_id,
            filename=filename,
            media_type="application/pdf",
            size_bytes=1,
            sha256=sha256,
        )
    return document.id


def add_message(
    database: Database,
    user_id: str,
    conversation_id: str,
    parent_id: str | None,
    content: str,
    *,
    role: str = "user",
    citations: tuple[dict[str, Any], ...] = (),
    **ending: Any,
) -> str:
    """Add a finished message; an answer is one of the model `builtin:quotes`."""
    with database.db_transaction() as session:
        message = messages.add(
            session,
            user_id=user_id,
            conversation_id=conversation_id,
            parent_id=parent_id,
            role=role,
            content=content,
            status="streaming" if role == "assistant" else "complete",
            model="builtin:quotes" if role == "assistant" else None,
        )
        if role == "assistant":
            fields = {"status": "complete", **ending}
            messages.finish(
                session, user_id, message.id, content=content, citations=citations, **fields
            )
    return message.id


def write_conversation(
    database: Database, user_id: str, document_id: str, title: str = "The tower"
) -> WrittenConversation:
    with database.db_transaction() as session:
        conversation = conversations.create(
            session, user_id=user_id, memory_enabled=True, title=title
        )
    question = add_message(database, user_id, conversation.id, None, "How high is the lighthouse?")
    first = add_message(
        database,
        user_id,
        conversation.id,
        question,
        "It is 77 metres high [1].",
        role="assistant",
        citations=(citation(1, document_id),),
    )
    second = add_message(
        database,
        user_id,
        conversation.id,
        question,
        "77 metres [1], they say [2].",
        role="assistant",
        citations=(citation(1, document_id), citation(2, "gone", "old.pdf")),
        status="stopped",
        no_answer=True,
        metering=Metering(120, 30, 110, "stop", {"messages": 2, "passages": 1, "retried": False}),
    )
    return WrittenConversation(conversation.id, question, first, second)
