"""A small house for answers: a user, documents with passages, an engine, a record of events."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backend.chat.citations import Embed
from backend.chat.engine import AnswerEngine, Started
from backend.chat.events import AnswerEnded, AnswerFailed, AnswerText, ChatEvent
from backend.chat.models import ModelCatalog
from backend.clock import utc_now
from backend.config import Config
from backend.db.models import Document, User
from backend.db.repositories import api_keys, conversations, messages
from backend.db.repositories.messages import MessageRecord
from backend.db.session import Database
from backend.store.base import FloatVector
from backend.store.memory import Recalled
from backend.store.search import ChunkEvidence, SearchResult
from openai_server import OpenAIServer

DEADLINE_S = 20.0
QUOTES = "builtin:quotes"


def make_chunk(
    sentences: Sequence[str], *, chunk_id: str = "c1", filename: str = "lighthouse.pdf"
) -> ChunkEvidence:
    """Return a passage of one page, its sentences joined by blanks."""
    text = " ".join(sentences)
    spans, offset = [], 0
    for sentence in sentences:
        spans.append([offset, offset + len(sentence)])
        offset += len(sentence) + 1
    return ChunkEvidence(
        id=chunk_id,
        document_id="d1",
        filename=filename,
        ordinal=0,
        heading="",
        start=0,
        end=len(text),
        text=text,
        page_spans=[[1, 0, len(text)]],
        sentences=spans,
        sentence_vectors=None,
    )


def make_result(
    sentences: Sequence[str], relevance: Sequence[float], chunk_id: str = "c1"
) -> SearchResult:
    return SearchResult(
        chunk=make_chunk(sentences, chunk_id=chunk_id),
        score=max(relevance),
        keyword_score=1.0,
        cosine=None,
        sentence_cosine=None,
        sentence_relevance=tuple(relevance),
    )


LIGHTHOUSE = make_result(
    ["The lighthouse of Genoa is 77 metres high.", "It was rebuilt in 1543."], [0.9, 0.1]
)


class CannedSearch:
    """Finds the same passages for every question."""

    def __init__(self) -> None:
        self.results: list[SearchResult] = [LIGHTHOUSE]
        self.queries: list[dict[str, object]] = []
        self.limits: list[int | None] = []

    def __call__(
        self,
        *,
        user_id: str,
        query: str,
        document_ids: Sequence[str] | None = None,
        limit: int | None = None,
    ) -> Sequence[SearchResult]:
        self.queries.append({"user_id": user_id, "query": query, "document_ids": document_ids})
        self.limits.append(limit)
        return self.results[:limit]


def embed_nothing(texts: Sequence[str]) -> FloatVector:
    return np.zeros((len(texts), 4), np.float32)


def search_no_messages(**_question: object) -> list[Recalled]:
    return []


@dataclass
class Recorder:
    """Keeps published events; waits for an answer's end."""

    events: list[tuple[str, ChatEvent]] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def __call__(self, user_id: str, event: ChatEvent) -> None:
        with self.changed:
            self.events.append((user_id, event))
            self.changed.notify_all()

    def wait_until(self, condition: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, DEADLINE_S)

    def ends(self, message_id: str) -> list[AnswerEnded | AnswerFailed]:
        return [
            event
            for _, event in self.events
            if (isinstance(event, AnswerEnded) and event.message.id == message_id)
            or (isinstance(event, AnswerFailed) and event.message_id == message_id)
        ]

    def end(self, message_id: str) -> AnswerEnded | AnswerFailed:
        """Wait for the answer's end and return it."""
        self.wait_until(lambda: bool(self.ends(message_id)))
        [end] = self.ends(message_id)
        return end

    def pieces(self, message_id: str) -> list[AnswerText]:
        return [
            event
            for _, event in self.events
            if isinstance(event, AnswerText) and event.message_id == message_id
        ]


@dataclass
class House:
    database: Database
    config: Config
    engine: AnswerEngine
    catalog: ModelCatalog
    search: CannedSearch
    embed: Embed
    recorder: Recorder
    user_id: str
    conversation_id: str

    def ask(self, model: str, text: str = "How high is it?", **options: Any) -> Started:
        """Ask in the conversation."""
        return self.engine.ask(
            self.user_id,
            **{"conversation_id": self.conversation_id, "text": text, "model": model, **options},
        )

    def start_gated(self, server: OpenAIServer) -> Started:
        """Begin an answer that has sent its first word and waits."""
        started = self.ask("custom:gated")
        server.release(1)
        self.wait_for_pieces(started, 1)
        return started

    def wait_for_pieces(self, started: Started, count: int) -> None:
        message_id = started.assistant_message_id
        self.recorder.wait_until(lambda: len(self.recorder.pieces(message_id)) >= count)

    def load(self, message_id: str) -> MessageRecord:
        """Return the message as committed."""
        with self.database.db_session() as session:
            return messages.get(session, self.user_id, message_id)

    def load_all(self) -> list[MessageRecord]:
        with self.database.db_session() as session:
            return messages.list_for_conversation(session, self.user_id, self.conversation_id)


def add_user(database: Database, name: str) -> str:
    with database.db_transaction() as session:
        user = User(
            username=name, username_key=name, password_hash="x", role="user", created_at=utc_now()
        )
        session.add(user)
        session.flush()
        return user.id


def add_document(database: Database, user_id: str, filename: str = "lighthouse.pdf") -> str:
    now = utc_now()
    with database.db_transaction() as session:
        row = Document(
            user_id=user_id,
            filename=filename,
            media_type="application/pdf",
            size_bytes=1,
            sha256=filename.ljust(64, "0")[:64],
            status="ready",
            created_at=now,
            updated_at=now,
        )
        session.add(row)
        session.flush()
        return row.id


def add_conversation(database: Database, user_id: str) -> str:
    with database.db_transaction() as session:
        return conversations.create(session, user_id=user_id, memory_enabled=True).id


def decrypt_plain(encrypted: bytes) -> str:
    return encrypted.decode()


def build_house(
    database: Database, config: Config, base_url: str, *, with_document: bool = True
) -> House:
    recorder, search = Recorder(), CannedSearch()
    catalog = ModelCatalog(database, config, decrypt_plain)
    engine = AnswerEngine(
        database, config, catalog, search, embed_nothing, recorder, search_no_messages
    )
    user_id = add_user(database, "ann")
    if with_document:
        add_document(database, user_id)
    with database.db_transaction() as session:
        api_keys.put(
            session, user_id, "custom", key_encrypted=b"sk-1", hint="sk-1", base_url=base_url
        )
    conversation_id = add_conversation(database, user_id)
    return House(
        database, config, engine, catalog, search, embed_nothing, recorder, user_id, conversation_id
    )
