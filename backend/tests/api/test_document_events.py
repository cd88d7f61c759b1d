"""Open pages learn how their documents fare."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from backend.api.document_events import DocumentEvents
from backend.clock import utc_now
from backend.db.models import Document
from backend.db.repositories import deletions, documents
from backend.db.session import Database
from people import Person

Told = list[tuple[str, dict[str, Any], str]]


@pytest.fixture
def told() -> Told:
    """What was emitted: event, data, user."""
    return []


@pytest.fixture
def events(database: Database, told: Told) -> DocumentEvents:
    return DocumentEvents(database, lambda *args: told.append(args))


def add(database: Database, user_id: str, sha256: str = "a" * 64) -> str:
    with database.db_transaction() as session:
        document, _ = documents.create(
            session,
            user_id,
            filename="a.pdf",
            media_type="application/pdf",
            size_bytes=1,
            sha256=sha256,
        )
    return document.id


def test_each_change_is_told_once_to_its_owner(
    events: DocumentEvents, told: Told, database: Database, user: Person, other_user: Person
) -> None:
    mine, theirs = add(database, user.id), add(database, other_user.id)
    assert events.emit_changes() == 2
    assert {(name, data["document"]["id"], owner) for name, data, owner in told} == {
        ("document_updated", mine, user.id),
        ("document_updated", theirs, other_user.id),
    }
    assert events.emit_changes() == 0
    told.clear()
    with database.db_transaction() as session:
        documents.start_extracting(session, mine, 10)
        documents.set_progress(session, mine, 4)
    assert events.emit_changes() == 1
    document = told[0][1]["document"]
    assert document["status"] == "extracting"
    assert document["progress"] == {"stage": "extracting", "done": 4, "total": 10}


def test_what_happened_before_is_not_told(database: Database, told: Told, user: Person) -> None:
    add(database, user.id)
    later = DocumentEvents(database, lambda *args: told.append(args))
    assert later.emit_changes() == 0
    assert told == []


def test_a_failure_is_told_with_its_reason(
    events: DocumentEvents, told: Told, database: Database, user: Person
) -> None:
    document_id = add(database, user.id)
    with database.db_transaction() as session:
        documents.fail(session, document_id, "no_text", "No text was found.")
    events.emit_changes()
    assert told[-1][1]["document"]["error"] == {
        "code": "no_text",
        "message": "No text was found.",
    }


def test_a_deleted_document_is_not_told_again(
    events: DocumentEvents, told: Told, database: Database, user: Person
) -> None:
    document_id = add(database, user.id)
    events.emit_changes()
    told.clear()
    with database.db_transaction() as session:
        deletions.mark_deleted(session, user.id, document_id)
    events.emit_changes()
    assert told == []


def test_the_place_in_the_queue_is_told_and_told_again_when_it_changes(
    database: Database, told: Told, user: Person
) -> None:
    events = DocumentEvents(database, lambda *args: told.append(args), places_interval_s=0)
    first, second = add(database, user.id), add(database, user.id, "b" * 64)
    events.emit_changes()
    places = {data["document"]["id"]: data["document"]["queue_position"] for _, data, _ in told}
    assert places == {first: 1, second: 2}
    told.clear()
    with database.db_transaction() as session:
        documents.cancel(session, user.id, first)
    events.emit_changes()
    places = {data["document"]["id"]: data["document"]["queue_position"] for _, data, _ in told}
    assert places == {first: None, second: 1}


def test_the_time_left_follows_from_the_speed_so_far(
    events: DocumentEvents, told: Told, database: Database, user: Person
) -> None:
    document_id = add(database, user.id)
    with database.db_transaction() as session:
        documents.start_embedding(session, document_id, 1, 100)
    events.emit_changes()
    assert told[-1][1]["document"]["eta_seconds"] is None
    with database.db_transaction() as session:
        documents.resume_stage(session, document_id, 50, 100)
        started_at = utc_now() - timedelta(seconds=20)
        session.execute(update(Document).values(stage_started_at=started_at))
        documents.set_progress(session, document_id, 60)
    events.emit_changes()
    assert 80 <= told[-1][1]["document"]["eta_seconds"] <= 82
    with database.db_transaction() as session:
        documents.finish(session, document_id, "model")
    events.emit_changes()
    assert told[-1][1]["document"]["eta_seconds"] is None
