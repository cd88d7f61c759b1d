"""The doctor finds what differs, mends it and is content afterwards."""

import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from backend.clock import utc_now
from backend.db.models import Chunk, Document, IndexTask, IngestJob, Page, PassageVectors
from backend.db.repositories import conversations, deletions, messages
from backend.db.repositories.chunks import chunk_id
from backend.ingest.worker import drain
from backend.store.base import IndexPoint
from backend.store.embeddings import BUILT_IN_MODEL
from maintenance.house import MaintenanceHouse, store_text

House = MaintenanceHouse


def first_id(house: House) -> str:
    return house.documents()[0].id


def run(house: House, statement: object) -> None:
    with house.database.db_transaction() as session:
        session.execute(statement)  # type: ignore[call-overload]


def test_a_sound_house_has_no_findings(house: House) -> None:
    examination = house.doctor.examine()
    assert examination.findings == ()
    assert examination.totals.documents == examination.files == 2
    assert examination.totals.pages == 2
    assert examination.points == examination.totals.passages > 2
    assert examination.totals.tasks_waiting == 0


def test_an_orphan_file_is_removed(house: House) -> None:
    path = house.file_store.path("ab" * 32)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"nobody needs this")
    assert house.codes() == ["orphan_file"]
    assert house.repair() == []
    assert not path.exists()


@pytest.mark.parametrize("damage", [lambda p: p.unlink(), lambda p: p.write_bytes(b"cut")])
def test_a_missing_or_cut_file_is_named_and_another_upload_puts_it_back(
    house: House, damage: Callable[..., None]
) -> None:
    document = house.documents()[0]
    damage(house.file_store.path(document.sha256))
    (finding,) = house.findings()
    assert (finding.code, finding.subject) == ("missing_file", document.id)
    assert document.filename in finding.sentence
    assert house.repair() == ["missing_file"]


def break_points_lost(house: House) -> None:
    house.stack._open().index.delete_document(first_id(house))


def break_vectors_lost(house: House) -> None:
    parts = house.stack._open()
    points = parts.rows.load_points(first_id(house), 0, 63)
    parts.index.upsert([IndexPoint(p.id, p.user_id, p.document_id, p.keyword_text) for p in points])


def break_foreign_points(house: House) -> None:
    parts = house.stack._open()
    point = parts.rows.load_points(first_id(house), 0, 0)[0]
    parts.index.upsert(
        [
            IndexPoint(
                "00000000-0000-0000-0000-000000000001",
                point.user_id,
                "no-such-document",
                "harbour",
                point.vector,
            )
        ]
    )


def break_stale_points(house: House) -> None:
    parts = house.stack._open()
    point = parts.rows.load_points(first_id(house), 0, 0)[0]
    parts.index.upsert(
        [
            IndexPoint(
                "00000000-0000-0000-0000-000000000002",
                point.user_id,
                point.document_id,
                "harbour",
                point.vector,
            )
        ]
    )


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (break_points_lost, "index_differs"),
        (break_vectors_lost, "index_differs"),
        (break_foreign_points, "orphan_points"),
        (break_stale_points, "index_differs"),
    ],
)
def test_points_that_differ_from_the_rows_are_put_right(
    house: House, damage: Callable[[House], None], code: str
) -> None:
    before = house.doctor.examine()
    damage(house)
    assert house.codes() == [code]
    assert house.repair() == []
    assert house.doctor.examine().points == before.points
    assert house.found("lighthouse number 7")[0] == "lighthouse.txt"


def test_a_document_without_a_job_gets_one_and_is_taken_in(house: House) -> None:
    document_id = first_id(house)
    run(house, update(Document).where(Document.id == document_id).values(status="queued"))
    assert house.codes() == ["document_without_job"]
    assert house.repair() == []
    drain(house.config, house.database)
    house.stack.drain()
    assert house.documents()[0].status == "ready"
    assert house.codes() == []


def test_a_job_without_document_is_removed(house: House) -> None:
    # Foreign keys prevent it, unless somebody else's tool writes into the file.
    with closing(sqlite3.connect(house.config.data_dir / "docchat.db")) as connection:
        connection.execute("UPDATE ingest_jobs SET document_id = 'x' WHERE rowid = 1")
        connection.commit()
    assert house.codes() == ["job_without_document"]
    assert house.repair() == []


def test_an_expired_lease_is_given_back_but_not_while_another_worker_works(house: House) -> None:
    document_id = store_text(house, "mole.txt")
    lease = update(IngestJob).where(IngestJob.document_id == document_id)
    now = utc_now()
    expired = now - timedelta(minutes=5)
    run(house, lease.values(state="leased", lease_owner="gone", lease_expires_at=expired))
    busy = house.make_doctor(is_alone=False)
    assert [f.code for f in busy.examine().findings] == ["expired_lease"]
    held = update(IngestJob).where(IngestJob.document_id == first_id(house))
    run(house, held.values(state="leased", lease_owner="me", lease_expires_at=now + timedelta(1)))
    assert busy.examine().findings == ()
    run(house, held.values(state="done", lease_owner=None))
    assert house.codes() == ["expired_lease"]
    assert house.repair() == []
    drain(house.config, house.database)
    assert {d.status for d in house.documents()} == {"ready"}


def test_an_answer_left_streaming_is_interrupted(house: House) -> None:
    with house.database.db_transaction() as session:
        made = conversations.create(session, user_id=house.user_id, memory_enabled=True)
        message = messages.add(
            session,
            user_id=house.user_id,
            conversation_id=made.id,
            parent_id=None,
            role="assistant",
            status="streaming",
        )
    assert house.codes() == ["unfinished_answer"]
    assert house.repair() == []
    with house.database.db_session() as session:
        assert messages.get(session, house.user_id, message.id).status == "interrupted"


@pytest.mark.parametrize("with_task", [True, False])
def test_a_deletion_that_was_interrupted_is_completed(house: House, with_task: bool) -> None:
    document = house.documents()[0]
    with house.database.db_transaction() as session:
        deletions.mark_deleted(session, house.user_id, document.id)
    if not with_task:
        run(house, delete(IndexTask))
    assert "unfinished_deletion" in house.codes()
    assert house.found("lighthouse number 7")[0] != "lighthouse.txt"
    assert house.repair() == []
    assert not house.file_store.path(document.sha256).exists()
    assert house.doctor.examine().totals.documents == 1


@pytest.mark.parametrize("table", [Page, Chunk])
def test_a_document_that_lost_pages_or_passages_is_read_anew(
    house: House, table: type[Page] | type[Chunk]
) -> None:
    document_id = first_id(house)
    number = Page.number if table is Page else Chunk.ordinal
    run(house, delete(table).where(table.document_id == document_id, number == 1))
    assert "wrong_count" in house.codes()
    house.repair()
    drain(house.config, house.database)
    house.stack.drain()
    assert house.codes() == []
    assert house.documents()[0].status == "ready"


def test_a_ready_document_with_passages_that_were_not_embedded_is_embedded(house: House) -> None:
    document_id = first_id(house)
    first_chunk = chunk_id(document_id, 0)
    run(house, delete(PassageVectors).where(PassageVectors.chunk_id == first_chunk))
    assert "passage_without_vector" in house.codes()
    house.repair()
    drain(house.config, house.database)
    house.stack.drain()
    assert house.codes() == []


def test_committed_changes_that_wait_are_carried_into_the_index(house: House) -> None:
    store_text(house, "mole.txt")
    drain(house.config, house.database)
    assert house.codes() == ["index_behind"]
    assert house.repair() == []
    assert house.found("mole number 7")[0] == "mole.txt"


def zeros(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def ones(path: Path) -> None:
    path.write_bytes(b"\xff" * path.stat().st_size)


# Of all single-file damages of an index, these open without a word.
@pytest.mark.parametrize(
    ("file", "damage", "code"),
    [
        ("vector_storage-bm25/store/page_0.dat", zeros, "search_finds_nothing"),
        ("vector_storage-dense/vectors/chunk_0.mmap", ones, "search_finds_nothing"),
        ("vector_storage-dense/deleted/flags_a.dat", ones, "index_differs"),
        ("payload_index/config.json", Path.unlink, "index_unreadable"),
    ],
)
def test_a_silently_damaged_index_is_noticed_and_rebuilt(
    house: House, file: str, damage: Callable[[Path], None], code: str
) -> None:
    house.close_index()
    of_documents = hashlib.sha256(BUILT_IN_MODEL.encode()).hexdigest()[:16]
    (path,) = house.config.index_dir.glob(f"{of_documents}/segments/*/{file}")
    damage(path)
    house.open_index()
    assert set(house.codes()) == {code}
    assert house.repair() == []
    assert house.found("lighthouse number 7")[0] == "lighthouse.txt"
