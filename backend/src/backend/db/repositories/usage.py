"""Tokens that a user's answers took, as their providers counted them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from backend.db.models import Message, table_of
from backend.db.repositories.messages import STREAMING

_LATELY: Final = 10  # answers
_TELLING_TOKENS: Final = 500
# Further off than this is no estimate but an error in counting, here or there.
_LEAST_RATIO: Final = 0.5
_MOST_RATIO: Final = 4.0

_MESSAGES: Final = table_of(Message)
# Every question asks for this: put together once, on the table.
_COUNTED: Final = (
    select(_MESSAGES.c.input_tokens, _MESSAGES.c.estimated_input_tokens)
    .where(
        _MESSAGES.c.user_id == bindparam("user_id"),
        _MESSAGES.c.model == bindparam("model"),
        _MESSAGES.c.input_tokens > 0,
        _MESSAGES.c.estimated_input_tokens >= _TELLING_TOKENS,
    )
    .order_by(_MESSAGES.c.created_at.desc())
    .limit(_LATELY)
)


@dataclass(frozen=True, slots=True)
class ModelUsage:
    """The sums over one model's answers. `unknown_count` of them came without counts."""

    model: str
    input_tokens: int
    output_tokens: int
    message_count: int
    unknown_count: int


def by_model(
    session: Session,
    user_id: str,
    *,
    conversation_id: str | None = None,
    since: datetime | None = None,
) -> Sequence[ModelUsage]:
    """Return what the user's ended answers took, by model; deleted ones are not counted."""
    query = (
        select(
            Message.model,
            func.sum(Message.input_tokens),
            func.sum(Message.output_tokens),
            func.count(),
            func.count() - func.count(Message.input_tokens),
        )
        .where(
            Message.user_id == user_id,
            Message.role == "assistant",
            Message.status != STREAMING,
            Message.model.is_not(None),
        )
        .group_by(Message.model)
        .order_by(Message.model)
    )
    if conversation_id is not None:
        query = query.where(Message.conversation_id == conversation_id)
    if since is not None:
        query = query.where(Message.created_at >= since)
    return [
        ModelUsage(model or "", taken or 0, given or 0, count, unknown)
        for model, taken, given, count, unknown in session.execute(query)
    ]


def token_ratio(session: Session, user_id: str, model: str) -> float:
    """Return how many tokens the provider counted for one estimated, at the most lately.

    Of the user's newest answers by this model whose prompts were long enough to tell; 1 when
    there are none. The most counts: a prompt that is too long fails, a shorter one does not.
    """
    rows = session.execute(_COUNTED, {"user_id": user_id, "model": model})
    ratios = [counted / estimated for counted, estimated in rows if counted and estimated]
    return min(max(*ratios, _LEAST_RATIO), _MOST_RATIO) if ratios else 1.0
