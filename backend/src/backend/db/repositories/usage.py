"""Tokens that a user's answers took, as their providers counted them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.db.models import Message
from backend.db.repositories.messages import STREAMING


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
