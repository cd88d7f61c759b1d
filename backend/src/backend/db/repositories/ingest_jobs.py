"""The ingest queue's rows: one job a document, leased by one worker at a time.

A job is `waiting`, `leased` or `done`. That of a document which is taken in already, or was
given up, is to embed it by another model. Every write of a worker renews the lease in the
same transaction, so a worker that lost its lease can change nothing.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, not_, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from backend.db.models import Document, IngestJob

WAITING = "waiting"
LEASED = "leased"
DONE = "done"

# What people wait for; a job of a document in another state re-embeds it.
_UNSEARCHABLE = ("queued", "extracting")
_AWAITED = (*_UNSEARCHABLE, "embedding")

# Larger files, and those whose reading was interrupted, let others pass, but not for longer
# than this.
HUGE_BYTES = 20 * 1024 * 1024
PATIENCE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class DeadLease:
    """A lease whose owner's process has ended."""

    document_id: str
    owner: str
    attempts: int


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A leased job. `attempts` counts this one too; `is_reembedding` tells that the document
    was taken in before."""

    document_id: str
    user_id: str
    attempts: int
    is_reembedding: bool = False


def enqueue(
    session: Session, user_id: str, document_id: str, size_bytes: int, now: datetime
) -> None:
    """Put a document into the queue, or put it there anew with all its attempts."""
    session.merge(
        IngestJob(
            document_id=document_id,
            user_id=user_id,
            state=WAITING,
            attempts=0,
            size_bytes=size_bytes,
            run_after=now,
            lease_owner=None,
            lease_expires_at=None,
            checkpoint=None,
            created_at=now,
        )
    )


def lease_next(
    session: Session,
    owner: str,
    now: datetime,
    lease_s: float,
    *,
    with_reembedding: bool = True,
) -> JobRecord | None:
    """Lease the job whose turn it is, or return None.

    Whose turn: documents that cannot be searched yet come before those that only lack
    embeddings, and these before re-embedding; files that take long let others pass for a
    while; then the user who was served longest ago; then the smallest file.
    """
    job = IngestJob
    served = (
        select(job.user_id, func.max(job.lease_expires_at).label("at"))
        .group_by(job.user_id)
        .subquery()
    )
    lets_pass = and_(_takes_long(), job.created_at > now - PATIENCE)
    picked = session.execute(
        select(job.document_id, job.user_id, job.attempts, Document.status)
        .join(Document, Document.id == job.document_id)
        .join(served, served.c.user_id == job.user_id)
        .where(
            or_(
                and_(job.state == WAITING, job.run_after <= now),
                and_(job.state == LEASED, job.lease_expires_at < now),
            ),
            *([] if with_reembedding else [Document.status.in_(_AWAITED)]),
        )
        .order_by(
            Document.status.not_in(_UNSEARCHABLE),
            Document.status.not_in(_AWAITED),
            lets_pass,
            served.c.at.nulls_first(),
            job.size_bytes,
            job.document_id,
        )
        .limit(1)
        .with_for_update(of=job, skip_locked=True)
    ).first()
    if picked is None:
        return None
    session.execute(
        update(job)
        .where(job.document_id == picked.document_id)
        .values(
            state=LEASED,
            attempts=picked.attempts + 1,
            lease_owner=owner,
            lease_expires_at=now + timedelta(seconds=lease_s),
        )
    )
    return JobRecord(
        picked.document_id,
        picked.user_id,
        picked.attempts + 1,
        is_reembedding=picked.status not in _AWAITED,
    )


def renew(session: Session, document_id: str, owner: str, now: datetime, lease_s: float) -> bool:
    """Prolong the lease; False when `owner` no longer holds it (canceled, deleted, expired)."""
    return _update(session, document_id, owner, lease_expires_at=now + timedelta(seconds=lease_s))


def release(
    session: Session, document_id: str, owner: str, run_after: datetime, attempts: int
) -> bool:
    """Give the job back to the queue; False when `owner` no longer holds the lease."""
    return _update(
        session,
        document_id,
        owner,
        state=WAITING,
        attempts=attempts,
        run_after=run_after,
        lease_owner=None,
    )


def finish(session: Session, document_id: str, owner: str) -> bool:
    """End the job; False when `owner` no longer holds the lease."""
    return _update(session, document_id, owner, state=DONE, lease_owner=None)


def end(session: Session, *document_ids: str) -> None:
    """End the jobs whoever holds them; their workers notice at their next write."""
    session.execute(
        update(IngestJob)
        .where(IngestJob.document_id.in_(document_ids))
        .values(state=DONE, lease_owner=None)
    )


def hold_still(session: Session, document_ids: Collection[str]) -> None:
    """Let no worker commit anything for these documents until this transaction ends."""
    session.execute(
        select(IngestJob.document_id)
        .where(IngestJob.document_id.in_(document_ids))
        .order_by(IngestJob.document_id)
        .with_for_update()
    )


def take_dead_leases(
    session: Session, is_dead: Callable[[str], bool], now: datetime
) -> list[DeadLease]:
    """Put the jobs back whose owner is known to be dead, and return what they were."""
    leases = session.execute(
        select(IngestJob.document_id, IngestJob.lease_owner, IngestJob.attempts).where(
            IngestJob.state == LEASED
        )
    ).all()
    dead = [
        DeadLease(document_id, owner, attempts)
        for document_id, owner, attempts in leases
        if owner and is_dead(owner)
    ]
    for lease in dead:
        release(session, lease.document_id, lease.owner, now, lease.attempts)
    return dead


def postpone(session: Session, document_id: str, run_after: datetime) -> None:
    """Let a waiting job wait until then."""
    session.execute(
        update(IngestJob)
        .where(IngestJob.document_id == document_id, IngestJob.state == WAITING)
        .values(run_after=run_after)
    )


def note_progress(
    session: Session, document_id: str, owner: str, checkpoint: dict[str, Any] | None = None
) -> None:
    """Count attempts anew: what was just committed is never done again.

    `checkpoint` tells the next worker where to go on reading; None: nowhere.
    """
    _update(session, document_id, owner, attempts=1, checkpoint=checkpoint)


def checkpoint(session: Session, document_id: str) -> dict[str, Any] | None:
    """Return where reading was interrupted, None if it begins at the first page."""
    return session.execute(
        select(IngestJob.checkpoint).where(IngestJob.document_id == document_id)
    ).scalar_one_or_none()


def attempts(session: Session, document_id: str) -> int:
    """Return how often the job was taken up since it last made lasting progress."""
    return session.execute(
        select(IngestJob.attempts).where(IngestJob.document_id == document_id)
    ).scalar_one()


def holds(session: Session, document_id: str, owner: str) -> bool:
    """Return whether `owner` still holds the lease."""
    found = session.execute(
        select(IngestJob.document_id).where(
            IngestJob.document_id == document_id,
            IngestJob.state == LEASED,
            IngestJob.lease_owner == owner,
        )
    )
    return found.first() is not None


def queue_positions(session: Session) -> dict[str, int]:
    """Return the place, from 1, of each document that waits to be read.

    An estimate: each user in turn, small files first, as `lease_next` would go on if
    nothing new came.
    """
    turn = (
        func.row_number()
        .over(
            partition_by=IngestJob.user_id,
            order_by=(IngestJob.size_bytes, IngestJob.document_id),
        )
        .label("turn")
    )
    rows = session.execute(
        select(IngestJob.document_id, turn)
        .join(Document, Document.id == IngestJob.document_id)
        .where(IngestJob.state == WAITING, Document.status == "queued")
        .order_by("turn", IngestJob.size_bytes, IngestJob.document_id)
    )
    return {row.document_id: place for place, row in enumerate(rows, start=1)}


def is_any_open(session: Session) -> bool:
    """Return whether any job waits or is leased."""
    found = session.execute(
        select(IngestJob.document_id).where(IngestJob.state.in_((WAITING, LEASED))).limit(1)
    )
    return found.first() is not None


def is_newcomer_waiting(session: Session, now: datetime) -> bool:
    """Return whether a document waits that cannot be searched yet."""
    return _is_waiting(session, now, _UNSEARCHABLE)


def is_anybody_waiting(session: Session, now: datetime) -> bool:
    """Return whether a document waits that somebody waits for: anything but re-embedding."""
    return _is_waiting(session, now, _AWAITED)


def _is_waiting(session: Session, now: datetime, statuses: Collection[str]) -> bool:
    return (
        session.execute(
            select(IngestJob.document_id)
            .join(Document, Document.id == IngestJob.document_id)
            .where(*_waits(now, statuses))
            .limit(1)
        ).first()
        is not None
    )


def is_turn_over(session: Session, document_id: str, now: datetime) -> bool:
    """Return whether a document that takes long to read should let others go first.

    It should when somebody else waits for a document to be read, or its own user for one
    that has not been begun and is not huge.
    """
    this = select(IngestJob.user_id).where(IngestJob.document_id == document_id)
    waiting = (
        select(IngestJob.document_id)
        .join(Document, Document.id == IngestJob.document_id)
        .where(
            *_waits(now, _UNSEARCHABLE),
            or_(IngestJob.user_id != this.scalar_subquery(), not_(_takes_long())),
        )
    )
    return session.execute(waiting.limit(1)).first() is not None


def count(session: Session, state: str) -> int:
    """Return how many jobs are in `state`."""
    return session.execute(
        select(func.count()).select_from(IngestJob).where(IngestJob.state == state)
    ).scalar_one()


def _takes_long() -> ColumnElement[bool]:
    return or_(IngestJob.size_bytes > HUGE_BYTES, IngestJob.checkpoint.is_not(None))


def _waits(now: datetime, statuses: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    return (
        IngestJob.state == WAITING,
        IngestJob.run_after <= now,
        Document.status.in_(statuses),
    )


def _update(session: Session, document_id: str, owner: str, **values: object) -> bool:
    result = session.execute(
        update(IngestJob)
        .where(
            IngestJob.document_id == document_id,
            IngestJob.state == LEASED,
            IngestJob.lease_owner == owner,
        )
        .values(**values)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount == 1
