"""What commands ask of a running server; each removes its request when it is answered."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, null, select, update
from sqlalchemy.orm import Session

from backend.clock import utc_now
from backend.db.models import MaintenanceRequest
from backend.db.types import new_id

# A command that died left its request behind; nobody waits for that answer.
_STALE_AFTER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """A request without an answer."""

    id: str
    kind: str
    arguments: dict[str, Any] | None


def add(session: Session, kind: str, now: datetime, arguments: dict[str, Any] | None = None) -> str:
    """Add a request and return its id."""
    request_id = new_id()
    session.add(
        MaintenanceRequest(
            id=request_id,
            kind=kind,
            arguments=null() if arguments is None else arguments,
            created_at=now,
            answer=null(),
        )
    )
    return request_id


def waiting(session: Session) -> list[RequestRecord]:
    """Return the requests without an answer that somebody still waits for, oldest first."""
    rows = session.execute(
        select(MaintenanceRequest.id, MaintenanceRequest.kind, MaintenanceRequest.arguments)
        .where(
            MaintenanceRequest.answer.is_(None),
            MaintenanceRequest.created_at > utc_now() - _STALE_AFTER,
        )
        .order_by(MaintenanceRequest.id)
    )
    return [RequestRecord(*row) for row in rows]


def put_answer(session: Session, request_id: str, answer: dict[str, Any]) -> None:
    """Answer a request, and forget those nobody waits for any more."""
    session.execute(
        update(MaintenanceRequest).where(MaintenanceRequest.id == request_id).values(answer=answer)
    )
    session.execute(
        delete(MaintenanceRequest).where(MaintenanceRequest.created_at < utc_now() - _STALE_AFTER)
    )


def answer(session: Session, request_id: str) -> dict[str, Any] | None:
    """Return a request's answer, None until there is one."""
    return session.scalar(
        select(MaintenanceRequest.answer).where(MaintenanceRequest.id == request_id)
    )


def remove(session: Session, request_id: str) -> None:
    """Forget a request."""
    session.execute(delete(MaintenanceRequest).where(MaintenanceRequest.id == request_id))
