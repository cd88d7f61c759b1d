"""What the engine tells the outside; `api.websocket` puts it on the wire."""

from dataclasses import dataclass
from typing import Protocol

from backend.db.repositories.conversations import ConversationRecord
from backend.db.repositories.messages import MessageRecord
from backend.errors import DocChatError


@dataclass(frozen=True, slots=True)
class AnswerStarted:
    conversation_id: str
    message_id: str
    model: str


@dataclass(frozen=True, slots=True)
class AnswerText:
    """The next piece of the answer; `offset` code points precede it."""

    conversation_id: str
    message_id: str
    offset: int
    text: str


@dataclass(frozen=True, slots=True)
class AnswerEnded:
    """The answer is complete, stopped or interrupted."""

    message: MessageRecord


@dataclass(frozen=True, slots=True)
class AnswerFailed:
    conversation_id: str
    message_id: str
    error: DocChatError
    request_id: str | None


@dataclass(frozen=True, slots=True)
class ConversationChanged:
    conversation: ConversationRecord


ChatEvent = AnswerStarted | AnswerText | AnswerEnded | AnswerFailed | ConversationChanged


class Publish(Protocol):
    """Carries an event to every connection of a user. Never raises, never waits long."""

    def __call__(self, user_id: str, event: ChatEvent) -> None: ...
