"""A house that remembers: real rows, real index, real embedding, an engine that answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import update

from backend.chat.engine import AnswerEngine
from backend.chat.events import AnswerEnded
from backend.config import Config
from backend.db.models import Message
from backend.db.repositories import conversations, messages
from backend.db.repositories.messages import MessageRecord
from backend.db.session import Database
from backend.files import FileStore
from backend.search_stack import SearchStack
from chat_house import QUOTES, House, add_conversation, build_house


@dataclass
class MemoryHouse:
    """`stack` does its background work only when it is told to `drain`."""

    house: House
    stack: SearchStack

    @property
    def database(self) -> Database:
        return self.house.database

    @property
    def user_id(self) -> str:
        return self.house.user_id

    def begin(self, *, memory_enabled: bool = True, user_id: str | None = None) -> str:
        """Begin a conversation and return its id."""
        conversation_id = add_conversation(self.database, user_id or self.user_id)
        if not memory_enabled:
            with self.database.db_transaction() as session:
                conversations.change(
                    session, user_id or self.user_id, conversation_id, memory_enabled=False
                )
        return conversation_id

    def say(
        self,
        text: str,
        conversation_id: str | None = None,
        *,
        model: str = QUOTES,
        user_id: str | None = None,
        at: datetime | None = None,
        **options: Any,
    ) -> MessageRecord:
        """Say something, in a conversation of its own unless told otherwise; return the answer
        once everything is indexed."""
        user_id = user_id or self.user_id
        started = self.house.engine.ask(
            user_id,
            conversation_id=conversation_id or self.begin(user_id=user_id),
            text=text,
            model=model,
            **options,
        )
        end = self.house.recorder.end(started.assistant_message_id)
        assert isinstance(end, AnswerEnded), end
        if at is not None:
            self.date_back(started.user_message_id, at)
            self.date_back(started.assistant_message_id, at)
        self.stack.drain()
        return end.message

    def date_back(self, message_id: str, at: datetime) -> None:
        """Let a message have been said at that time."""
        with self.database.db_transaction() as session:
            session.execute(update(Message).where(Message.id == message_id).values(created_at=at))

    def question_of(self, answer: MessageRecord) -> MessageRecord:
        assert answer.parent_id is not None
        with self.database.db_session() as session:
            return messages.get(session, answer.user_id, answer.parent_id)

    def recalled(self, question: str, **options: Any) -> list[str]:
        """Ask in a new conversation and return the quotes that came to mind."""
        answer = self.say(question, **options)
        return [memory["quote"] for memory in answer.memories]


@contextmanager
def open_memory_house(database: Database, config: Config, base_url: str) -> Iterator[MemoryHouse]:
    """Give a house with a user, without documents, and access to the server as `custom`."""
    stack = SearchStack(config, database, FileStore(config.files_dir), grace_s=0)
    house = build_house(database, config, base_url, with_document=False)
    engine = AnswerEngine(
        database,
        config,
        house.catalog,
        stack.search,
        stack.embed,
        house.recorder,
        stack.search_messages,
    )
    house = replace(house, engine=engine)
    engine.start()
    try:
        yield MemoryHouse(house, stack)
    finally:
        engine.stop()
        stack.stop()
