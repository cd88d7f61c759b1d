"""How a question is put to a model: standing instructions, temperature, length of the answer."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from backend.chat.placeholders import fill_placeholders
from backend.clock import utc_now
from backend.db.repositories import preferences, usage, users
from backend.db.repositories.conversations import ConversationRecord


@dataclass(frozen=True, slots=True)
class Asking:
    """What a conversation and its user want of a model.

    `token_ratio` is how many tokens the provider counted for one that we estimated.
    """

    instructions: str  # the system prompt, placeholders filled in; "": none
    temperature: float | None
    max_answer_tokens: int | None
    token_ratio: float


def load_asking(session: Session, conversation: ConversationRecord, model: str) -> Asking:
    """Return how the conversation asks; its own system prompt replaces the user's."""
    user_id = conversation.user_id
    prompt = conversation.system_prompt
    if prompt is None:
        prompt = preferences.get(session, user_id).system_prompt or ""
    if prompt:
        user = users.get(session, user_id)
        values = {"date": utc_now().date().isoformat(), "username": user.username if user else ""}
        prompt = fill_placeholders(prompt, values)
    return Asking(
        instructions=prompt,
        temperature=conversation.temperature,
        max_answer_tokens=conversation.max_answer_tokens,
        token_ratio=usage.token_ratio(session, user_id, model),
    )
