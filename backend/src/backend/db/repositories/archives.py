"""What is in archives: their files, the documents these became, and which of them go together.

A document may lie in several archives. `Document.archive_id` names the one that it is
deleted with; an archive in an archive is a document like any other.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from backend.clock import utc_now
from backend.db.models import ArchiveEntry, Document
from backend.db.repositories import ingest_jobs

TAKEN_IN = "taken_in"
ALREADY_THERE = "already_there"
NOT_READ = "not_read"


@dataclass(frozen=True, slots=True)
class EntryRecord:
    """A file in an archive. `reason` says why it was not read, `document_id` what it became."""

    number: int
    name: str
    size_bytes: int
    outcome: str
    reason: str | None = None
    document_id: str | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What was unpacked from an archive and from those inside it."""

    entries: int
    size_bytes: int


_COLUMNS = [getattr(ArchiveEntry, name) for name in EntryRecord.__dataclass_fields__]


def add_entry(session: Session, archive_id: str, entry: EntryRecord) -> None:
    """Note what became of a file."""
    session.execute(insert(ArchiveEntry).values(archive_id=archive_id, **asdict(entry)))


def clear_entries(session: Session, archive_id: str) -> None:
    """Forget what became of the archive's files; the documents stay."""
    session.execute(delete(ArchiveEntry).where(ArchiveEntry.archive_id == archive_id))


def count_entries(session: Session, archive_id: str) -> int:
    """Return of how many files it is noted what became of them."""
    return session.execute(
        select(func.count()).select_from(ArchiveEntry).where(ArchiveEntry.archive_id == archive_id)
    ).scalar_one()


def list_entries(session: Session, archive_id: str) -> list[EntryRecord]:
    """Return what became of the archive's files, in its order."""
    rows = session.execute(
        select(*_COLUMNS).where(ArchiveEntry.archive_id == archive_id).order_by(ArchiveEntry.number)
    )
    return [EntryRecord(*row) for row in rows]


def hold_still(session: Session, archive_id: str) -> None:
    """Let nothing be noted of the archive's files until this transaction ends."""
    session.execute(select(Document.id).where(Document.id == archive_id).with_for_update())


def holds(session: Session, archive_id: str, document_id: str) -> bool:
    """Return whether one of the archive's files, as far as noted, is this document."""
    found = session.execute(
        select(ArchiveEntry.number)
        .where(ArchiveEntry.archive_id == archive_id, ArchiveEntry.document_id == document_id)
        .limit(1)
    )
    return found.first() is not None


def lineage(session: Session, archive_id: str) -> list[str]:
    """Return the archive, the one it was unpacked from, and so on to the outermost."""
    found = [archive_id]
    while True:
        outer = session.execute(
            select(Document.archive_id).where(Document.id == found[-1])
        ).scalar_one_or_none()
        if outer is None:
            return found
        found.append(outer)


def usage(session: Session, archive_id: str) -> Usage:
    """Return what was unpacked from this archive and from all that came out of it."""
    inside = select(Document.id).where(Document.id == archive_id).cte(recursive=True)
    inside = inside.union(select(Document.id).join(inside, Document.archive_id == inside.c.id))
    row = session.execute(
        select(func.count(), func.coalesce(func.sum(ArchiveEntry.size_bytes), 0))
        .select_from(ArchiveEntry)
        .join(inside, ArchiveEntry.archive_id == inside.c.id)
    ).one()
    return Usage(row[0], int(row[1]))


def contents(session: Session, archive_ids: Collection[str]) -> set[str]:
    """Return the live documents in any of these archives and in archives inside them.

    Also those that the user had before. Ids of other documents hold nothing.
    """
    entry = ArchiveEntry
    inside = (
        select(entry.document_id.label("id"))
        .where(entry.archive_id.in_(archive_ids), entry.document_id.is_not(None))
        .cte(recursive=True)
    )
    inside = inside.union(
        select(entry.document_id)
        .join(inside, entry.archive_id == inside.c.id)
        .where(entry.document_id.is_not(None))
    )
    found = select(Document.id).join(inside, Document.id == inside.c.id)
    return set(session.scalars(found.where(Document.deleted_at.is_(None))))


def part_from(session: Session, document_id: str) -> list[str]:
    """Return the documents that are to be deleted with this one, itself among them.

    Those that came from it but also lie in an archive that stays belong to that one from
    now on. No worker adds anything to the archives among them until the transaction ends.
    """
    doomed = {document_id}
    for level in _levels(session, document_id):
        doomed |= level
    if len(doomed) == 1:
        return [document_id]
    holders = select(ArchiveEntry.archive_id, ArchiveEntry.document_id).join(
        Document, Document.id == ArchiveEntry.archive_id
    )
    held = defaultdict(list)
    for holder, held_id in session.execute(
        holders.where(
            ArchiveEntry.document_id.in_(doomed - {document_id}), Document.deleted_at.is_(None)
        )
    ):
        held[holder].append(held_id)
    # Breadth first from the archives that stay, so that nothing comes to belong to itself.
    reached = deque(sorted(held.keys() - doomed))
    while reached:
        holder = reached.popleft()
        staying = doomed.intersection(held[holder])
        doomed -= staying
        reached.extend(sorted(staying))
        session.execute(
            update(Document)
            .where(Document.id.in_(staying))
            .values(archive_id=holder, updated_at=utc_now())
            .execution_options(synchronize_session=False)
        )
    return sorted(doomed)


def _levels(session: Session, archive_id: str) -> Iterator[set[str]]:
    """Yield the documents that came from the archive, then those that came from these, …"""
    seen: set[str] = set()
    level = {archive_id}
    while level:
        seen |= level
        ingest_jobs.hold_still(session, level)
        found = session.scalars(
            select(Document.id).where(Document.archive_id.in_(level), Document.deleted_at.is_(None))
        )
        level = set(found) - seen
        yield level
