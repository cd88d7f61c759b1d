"""The doctor's queries give the same on both databases."""

from backend.clock import utc_now
from backend.db.repositories import (
    chunks,
    consistency,
    deletions,
    document_embeddings,
    embedding_models,
    index_tasks,
    maintenance_requests,
)
from backend.db.repositories.chunks import EmbeddedChunk, NewChunk
from backend.db.repositories.consistency import IndexedRows
from backend.db.session import Database
from backend.maintenance.row_checks import RowChecks
from chat_house import add_document, add_user


def add_passages(database: Database, user_id: str, document_id: str, number: int) -> None:
    new = [
        NewChunk(n, f"Passage {n}.", "", 11 * n, 11 * n + 10, [[1, 0, 10]], [[0, 10]])
        for n in range(number)
    ]
    with database.db_transaction() as session:
        chunks.insert_many(session, user_id, document_id, new)
        first = EmbeddedChunk(chunks.chunk_id(document_id, 0), b"1234", b"1")
        chunks.save_vectors(session, "a-model", [first])


def test_points_expected_count_passages_and_vectors(any_database: Database) -> None:
    user_id = add_user(any_database, "ann")
    full, empty = (add_document(any_database, user_id, f"{n}.pdf") for n in range(2))
    gone = add_document(any_database, user_id, "gone.pdf")
    for document_id in (full, gone):
        add_passages(any_database, user_id, document_id, 3)
    with any_database.db_transaction() as session:
        deletions.mark_deleted(session, user_id, gone)
    with any_database.db_session() as session:
        assert consistency.indexed_rows(session, "a-model") == {
            full: IndexedRows(3, 1),
            empty: IndexedRows(0, 0),
        }
        assert consistency.probe_document_ids(session, "a-model", 10) == [full]
        assert consistency.documents_with_tasks(session) == {gone}
        assert consistency.deleted_document_ids(session) == {gone}
        assert consistency.totals(session) == consistency.Totals(2, 0, 3, 1)


def test_a_ready_document_without_text_and_vectors_is_found(any_database: Database) -> None:
    user_id = add_user(any_database, "ann")
    empty = add_document(any_database, user_id, "empty.pdf")
    partly = add_document(any_database, user_id, "partly.pdf")
    add_passages(any_database, user_id, partly, 3)
    with any_database.db_transaction() as session:
        embedding_models.adopt(
            session, "a-model", base_url=None, server_model=None, key_encrypted=None
        )
        document_embeddings.complete(session, partly, "a-model")
    found = RowChecks(any_database, is_alone=True).find()
    assert {(f.code, f.subject) for f in found} == {
        ("wrong_count", empty),
        ("wrong_count", partly),
        ("passage_without_vector", partly),
    }
    for finding in found:
        assert finding.repair is not None
        finding.repair()
    assert RowChecks(any_database, is_alone=True).find() == []


def test_vectors_of_a_model_without_a_role_are_found_and_removed(any_database: Database) -> None:
    user_id = add_user(any_database, "ann")
    document_id = add_document(any_database, user_id)
    add_passages(any_database, user_id, document_id, 2)
    found = RowChecks(any_database, is_alone=True).find()
    (finding,) = (f for f in found if f.code == "leftover_vectors")
    assert finding.subject == "a-model"
    assert finding.repair is not None
    finding.repair()
    with any_database.db_session() as session:
        assert chunks.count(session, document_id, embedded_by="a-model") == 0


def test_a_deleted_document_goes_bit_by_bit(any_database: Database) -> None:
    user_id = add_user(any_database, "ann")
    document_id = add_document(any_database, user_id)
    add_passages(any_database, user_id, document_id, 5)
    with any_database.db_transaction() as session:
        assert deletions.purge_parts(session, document_id, 2) == 0
        deletions.mark_deleted(session, user_id, document_id)
    removed = []
    while not removed or removed[-1]:
        with any_database.db_transaction() as session:
            removed.append(deletions.purge_parts(session, document_id, 2))
    assert removed == [2, 2, 1, 0]


def test_points_are_put_in_anew_after_they_were_removed(any_database: Database) -> None:
    user_id = add_user(any_database, "ann")
    document_id = add_document(any_database, user_id)
    add_passages(any_database, user_id, document_id, 3)
    with any_database.db_transaction() as session:
        consistency.index_anew(session, document_id)
    with any_database.db_session() as session:
        tasks = index_tasks.waiting(session, 9)
        assert index_tasks.newest_id(session) == tasks[-1].id
        assert index_tasks.count(session, up_to=tasks[0].id) == 1
    assert [(t.operation, t.first_ordinal, t.last_ordinal) for t in tasks] == [
        ("delete_document", None, None),
        ("upsert_chunks", 0, 2),
    ]


def test_a_request_waits_until_it_is_answered(any_database: Database) -> None:
    with any_database.db_transaction() as session:
        request_id = maintenance_requests.add(session, "inspect", utc_now())
    with any_database.db_session() as session:
        (waiting,) = maintenance_requests.waiting(session)
        assert (waiting.id, waiting.kind) == (request_id, "inspect")
        assert maintenance_requests.answer(session, request_id) is None
    with any_database.db_transaction() as session:
        maintenance_requests.put_answer(session, request_id, {"points": 3})
    with any_database.db_session() as session:
        assert maintenance_requests.waiting(session) == []
        assert maintenance_requests.answer(session, request_id) == {"points": 3}
    with any_database.db_transaction() as session:
        maintenance_requests.remove(session, request_id)
        assert maintenance_requests.answer(session, request_id) is None
