"""Documents, their queue and their outbox, on SQLite and on PostgreSQL."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, event

from backend.clock import utc_now
from backend.db.models import User
from backend.db.repositories import chunks, deletions, documents, index_tasks, ingest_jobs, pages
from backend.db.repositories.chunks import EmbeddedChunk, NewChunk
from backend.db.repositories.pages import NewPage
from backend.db.session import Database
from backend.errors import NotFound


def add_user(database: Database, name: str) -> str:
    with database.db_transaction() as session:
        user = User(
            username=name, username_key=name, password_hash="-", role="user", created_at=utc_now()
        )
        session.add(user)
        session.flush()
        return user.id


def add_document(
    database: Database, user_id: str, number: int = 0, size_bytes: int = 100
) -> documents.DocumentRecord:
    with database.db_transaction() as session:
        document, created = documents.create(
            session,
            user_id,
            filename=f"{number}.pdf",
            media_type="application/pdf",
            size_bytes=size_bytes,
            sha256=f"{number:064x}",
        )
        assert created
        return document


def chunk(ordinal: int, text: str = "A passage.") -> NewChunk:
    return NewChunk(ordinal, text, "Heading", 0, len(text), [[1, 0, len(text)]], [[0, len(text)]])


def lease(database: Database, owner: str = "worker") -> ingest_jobs.JobRecord | None:
    with database.db_transaction() as session:
        return ingest_jobs.lease_next(session, owner, utc_now(), 60)


def test_the_same_bytes_again_give_the_document_that_is_there(any_database: Database) -> None:
    user = add_user(any_database, "ada")
    first = add_document(any_database, user)
    with any_database.db_transaction() as session:
        again, created = documents.create(
            session, user, filename="b.pdf", media_type="x", size_bytes=1, sha256=first.sha256
        )
    assert not created
    assert again == first
    assert first.status == "queued"


def test_passages_are_counted_once_all_documents_are_read(any_database: Database) -> None:
    user, other = add_user(any_database, "ada"), add_user(any_database, "bob")
    first, second, broken = (add_document(any_database, user, n) for n in range(3))
    foreign = add_document(any_database, other, 3)

    def count(*ids: str) -> int | None:
        with any_database.db_session() as session:
            return documents.passage_count(session, user, ids or None)

    with any_database.db_transaction() as session:
        documents.fail(session, broken.id, "no_text", "There is no text.")
        for document, passages in ((first, 3), (foreign, 9)):
            documents.start_embedding(session, document.id, 1, passages)
            documents.finish(session, document.id, "model")
    assert count(first.id, broken.id, foreign.id) == 3
    assert count() is None  # the second is still waiting
    with any_database.db_transaction() as session:
        documents.start_embedding(session, second.id, 1, 4)
        documents.finish(session, second.id, "model")
    assert count() == 7
    with any_database.db_transaction() as session:
        deletions.mark_deleted(session, user, first.id)
    assert count() == 4


def test_a_document_is_not_found_by_another_user(any_database: Database) -> None:
    document = add_document(any_database, add_user(any_database, "ada"))
    other = add_user(any_database, "bob")
    with any_database.db_transaction() as session:
        for action in (
            documents.get,
            documents.cancel,
            documents.retry,
            deletions.mark_deleted,
        ):
            with pytest.raises(NotFound):
                action(session, other, document.id)
        with pytest.raises(NotFound):
            pages.get(session, other, document.id, 1)
        assert documents.existing_ids(session, other, [document.id]) == set()
        assert documents.existing_ids(session, document.user_id, [document.id, "x"]) == {
            document.id
        }


def test_the_list_shows_the_newest_first_and_continues_at_the_cursor(
    any_database: Database,
) -> None:
    user = add_user(any_database, "ada")
    added = [add_document(any_database, user, number).id for number in range(5)]
    seen: list[str] = []
    cursor = None
    with any_database.db_session() as session:
        while True:
            items, cursor = documents.list_page(session, user, 2, cursor)
            seen += [item.id for item in items]
            if cursor is None:
                break
    assert sorted(seen, reverse=True) == seen
    assert set(seen) == set(added)


def test_a_deleted_document_is_invisible_and_its_bytes_can_be_added_anew(
    any_database: Database,
) -> None:
    user = add_user(any_database, "ada")
    document = add_document(any_database, user)
    with any_database.db_transaction() as session:
        chunks.insert_many(session, user, document.id, [chunk(0)])
        pages.insert_many(session, document.id, [NewPage(1, "A", 0, None, None, None)])
        deletions.mark_deleted(session, user, document.id)
    with any_database.db_session() as session:
        with pytest.raises(NotFound):
            documents.get(session, user, document.id)
        with pytest.raises(NotFound):
            pages.get(session, user, document.id, 1)
        assert documents.list_page(session, user, 10) == ([], None)
        assert chunks.load_evidence(session, user, [chunks.chunk_id(document.id, 0)], "model") == []
        assert chunks.load_points(session, document.id, 0, 10, "model") == []
        assert [t.operation for t in index_tasks.waiting(session, 10)] == ["delete_document"]
        assert documents.changed_since(session, document.created_at)[0].deleted_at is not None
    assert lease(any_database) is None
    again = add_document(any_database, user)
    with any_database.db_transaction() as session:
        assert deletions.deleted_sha256(session, again.id) is None
        assert deletions.deleted_sha256(session, document.id) == document.sha256
        deletions.purge(session, document.id)
        deletions.purge(session, again.id)
        assert deletions.is_file_in_use(session, document.sha256)
        assert documents.get(session, user, again.id)
        assert chunks.count(session, document.id) == 0


def test_a_canceled_document_leaves_the_queue_and_can_be_retried(any_database: Database) -> None:
    user = add_user(any_database, "ada")
    document = add_document(any_database, user)
    job = lease(any_database)
    assert job is not None
    with any_database.db_transaction() as session:
        assert documents.cancel(session, user, document.id).status == "canceled"
        assert not ingest_jobs.renew(session, document.id, "worker", utc_now(), 60)
        assert not ingest_jobs.finish(session, document.id, "worker")
    assert lease(any_database) is None
    with any_database.db_transaction() as session:
        assert documents.retry(session, user, document.id).status == "queued"
    assert lease(any_database) == job


def test_a_ready_document_cannot_be_canceled_and_is_read_anew_by_a_retry(
    any_database: Database,
) -> None:
    user = add_user(any_database, "ada")
    document = add_document(any_database, user)
    with any_database.db_transaction() as session:
        documents.finish(session, document.id, "model")
        assert documents.cancel(session, user, document.id).status == "ready"
        retried = documents.retry(session, user, document.id)
        assert (retried.status, retried.chunk_count) == ("queued", None)


def test_retrying_resumes_the_embedding_when_all_text_is_there(any_database: Database) -> None:
    user = add_user(any_database, "ada")
    document = add_document(any_database, user)
    with any_database.db_transaction() as session:
        documents.start_extracting(session, document.id, 3)
        documents.start_embedding(session, document.id, 3, 7)
        documents.fail(session, document.id, "ingest_interrupted", "Retry it.")
        assert documents.get(session, user, document.id).error_code == "ingest_interrupted"
        retried = documents.retry(session, user, document.id)
    assert (retried.status, retried.error_code, retried.chunk_count) == ("embedding", None, 7)


def test_a_job_is_leased_to_one_worker_until_its_lease_expires(any_database: Database) -> None:
    document = add_document(any_database, add_user(any_database, "ada"))
    now = utc_now()
    with any_database.db_transaction() as session:
        job = ingest_jobs.lease_next(session, "first", now, 60)
        assert job is not None
        assert job.attempts == 1
        assert ingest_jobs.lease_next(session, "second", now, 60) is None
        later = now + timedelta(seconds=61)
        taken = ingest_jobs.lease_next(session, "second", later, 60)
        assert taken is not None
        assert taken.attempts == 2
        assert not ingest_jobs.renew(session, document.id, "first", later, 60)
        assert ingest_jobs.renew(session, document.id, "second", later, 60)


def test_two_workers_never_get_the_same_job(postgres_database: Database) -> None:
    user = add_user(postgres_database, "ada")
    ids = {add_document(postgres_database, user, number).id for number in range(2)}
    with (
        postgres_database.db_transaction() as one,
        postgres_database.db_transaction() as two,
        postgres_database.db_transaction() as three,
    ):
        first = ingest_jobs.lease_next(one, "one", utc_now(), 60)
        second = ingest_jobs.lease_next(two, "two", utc_now(), 60)
        assert ingest_jobs.lease_next(three, "three", utc_now(), 60) is None
        assert first is not None
        assert second is not None
        assert {first.document_id, second.document_id} == ids


def test_the_lease_of_a_dead_worker_ends_at_once(any_database: Database) -> None:
    add_document(any_database, add_user(any_database, "ada"))
    lease(any_database, "dead")
    with any_database.db_transaction() as session:
        (dead,) = ingest_jobs.take_dead_leases(session, lambda owner: owner == "dead", utc_now())
        assert (dead.owner, dead.attempts) == ("dead", 1)
    job = lease(any_database, "alive")
    assert job is not None
    assert job.attempts == 2


def test_the_queue_is_fair_between_users_and_lets_small_files_pass(
    any_database: Database,
) -> None:
    ada, bob = add_user(any_database, "ada"), add_user(any_database, "bob")
    huge = add_document(any_database, ada, 0, ingest_jobs.HUGE_BYTES + 1)
    ada_large = add_document(any_database, ada, 1, 2_000)
    ada_small = add_document(any_database, ada, 2, 1_000)
    bob_large = add_document(any_database, bob, 3, 3_000)
    order = []
    while job := lease(any_database):
        order.append(job.document_id)
    assert order[-1] == huge.id
    assert order.index(ada_small.id) < order.index(ada_large.id)
    assert order.index(bob_large.id) < order.index(ada_large.id)


def test_a_long_reading_gives_way_to_others_but_not_to_another_long_one_of_the_same_user(
    any_database: Database,
) -> None:
    ada, bob = add_user(any_database, "ada"), add_user(any_database, "bob")
    long = add_document(any_database, ada, 0, 1_000)
    assert lease(any_database) is not None

    def is_turn_over() -> bool:
        with any_database.db_session() as session:
            return ingest_jobs.is_turn_over(session, long.id, utc_now())

    assert not is_turn_over()
    add_document(any_database, ada, 1, ingest_jobs.HUGE_BYTES + 1)
    assert not is_turn_over()
    short = add_document(any_database, ada, 2, 5_000)
    assert is_turn_over()
    with any_database.db_transaction() as session:
        ingest_jobs.note_progress(session, long.id, "worker", {"next_page": 2})
        ingest_jobs.release(session, long.id, "worker", utc_now(), 0)
    job = lease(any_database)
    assert job is not None
    assert job.document_id == short.id
    add_document(any_database, bob, 3, ingest_jobs.HUGE_BYTES + 1)
    assert is_turn_over()


def test_a_document_that_cannot_be_searched_yet_goes_before_one_that_lacks_embeddings(
    any_database: Database,
) -> None:
    user = add_user(any_database, "ada")
    embedding = add_document(any_database, user, 0, 10)
    with any_database.db_transaction() as session:
        documents.start_embedding(session, embedding.id, 1, 1)
        assert not ingest_jobs.is_newcomer_waiting(session, utc_now())
    queued = add_document(any_database, user, 1, 1_000)
    with any_database.db_session() as session:
        assert ingest_jobs.is_newcomer_waiting(session, utc_now())
    job = lease(any_database)
    assert job is not None
    assert job.document_id == queued.id


def test_vectors_are_saved_and_come_back_as_evidence(any_database: Database) -> None:
    user = add_user(any_database, "ada")
    document = add_document(any_database, user)
    with any_database.db_transaction() as session:
        chunks.insert_many(session, user, document.id, [chunk(n) for n in range(3)])
        index_tasks.add_upsert(session, user, document.id, 0, 2)
        first, *_ = waiting = chunks.load_unembedded(session, document.id, "model", 0, 10)
        assert [c.ordinal for c in waiting] == [0, 1, 2]
        chunks.save_vectors(session, "model", [EmbeddedChunk(first.id, b"vector", b"rows")])
    with any_database.db_session() as session:
        assert chunks.count(session, document.id, embedded_by="model") == 1
        assert len(chunks.load_unembedded(session, document.id, "model", 0, 10)) == 2
        (evidence,) = chunks.load_evidence(session, user, [first.id], "model")
        assert (evidence.filename, evidence.text) == ("0.pdf", "A passage.")
        assert evidence.sentence_vectors == b"rows"
        (elsewhere,) = chunks.load_evidence(session, user, [first.id], "another")
        assert elsewhere.sentence_vectors is None
        assert evidence.page_spans == [[1, 0, 10]]
        point, _ = chunks.load_points(session, document.id, 0, 1, "model")
        assert point.vector == b"vector"
        (bare,) = chunks.load_points(session, document.id, 0, 0, "another")
        assert bare.vector is None
        assert chunks.load_evidence(session, "somebody else", [first.id], "model") == []


def test_evidence_is_found_by_its_ids_and_not_among_all_passages_of_the_user(
    database: Database,
) -> None:
    plans: list[str] = []

    def explain(connection: Connection, _cursor: object, statement: str, *args: object) -> None:
        if statement.startswith("SELECT chunks"):
            plan = connection.connection.execute("EXPLAIN QUERY PLAN " + statement, args[0])
            plans.extend(row[3] for row in plan)

    event.listen(database.engine, "before_cursor_execute", explain)
    ids = [f"id {number}" for number in range(200)]
    with database.db_session() as session:
        chunks.load_evidence(session, "somebody", ids, "model")
    assert plans[0] == "SEARCH chunks USING INDEX sqlite_autoindex_chunks_1 (id=?)"
    by_key = "USING INDEX sqlite_autoindex_passage_vectors_1 (chunk_id=? AND embedding_model=?)"
    assert plans[-1] == f"SEARCH passage_vectors {by_key} LEFT-JOIN"


def test_the_whole_index_can_be_asked_for_anew(any_database: Database) -> None:
    user = add_user(any_database, "ada")
    document = add_document(any_database, user)
    add_document(any_database, user, 1)
    with any_database.db_transaction() as session:
        chunks.insert_many(session, user, document.id, [chunk(n) for n in range(3)])
        documents.mark_searchable(session, [document.id])
        assert documents.get(session, user, document.id).searchable
        assert index_tasks.enqueue_all(session) == 1
        assert not documents.get(session, user, document.id).searchable
        (task,) = index_tasks.waiting(session, 10)
        assert (task.document_id, task.first_ordinal, task.last_ordinal) == (document.id, 0, 2)
        index_tasks.remove(session, [task.id])
        assert index_tasks.count(session) == 0


def test_a_thousand_files_of_one_user_do_not_keep_the_one_of_another_waiting(
    any_database: Database,
) -> None:
    ada, bob = add_user(any_database, "ada"), add_user(any_database, "bob")
    with any_database.db_transaction() as session:
        for number in range(1000):
            documents.create(
                session,
                ada,
                filename="a.pdf",
                media_type="application/pdf",
                size_bytes=100,
                sha256=f"{number:064x}",
            )
    first = lease(any_database)
    assert first is not None
    only = add_document(any_database, bob, 1000, 50_000)
    with any_database.db_session() as session:
        places = ingest_jobs.queue_positions(session)
    assert len(places) == 1000
    assert places[only.id] <= 2
    second = lease(any_database)
    assert second is not None
    assert second.document_id == only.id


def test_a_waiting_document_has_its_place_in_the_queue(any_database: Database) -> None:
    user = add_user(any_database, "ada")
    large = add_document(any_database, user, 0, 2_000)
    small = add_document(any_database, user, 1, 1_000)
    with any_database.db_session() as session:
        items, _ = documents.list_page(session, user, 10)
        assert {item.id: item.queue_position for item in items} == {small.id: 1, large.id: 2}
    assert lease(any_database) is not None
    with any_database.db_session() as session:
        assert documents.get(session, user, large.id).queue_position == 1
        assert documents.get(session, user, small.id).queue_position is None


def test_vectors_of_the_same_text_are_known_to_its_user_only(any_database: Database) -> None:
    ada, bob = add_user(any_database, "ada"), add_user(any_database, "bob")
    document = add_document(any_database, ada)
    with any_database.db_transaction() as session:
        chunks.insert_many(session, ada, document.id, [chunk(0)])
        (bare,) = chunks.load_unembedded(session, document.id, "model", 0, 10)
        digest = bare.text_sha256 or ""
        assert chunks.load_known(session, ada, "model", {digest}) == []
        chunks.save_vectors(session, "model", [EmbeddedChunk(bare.id, b"vector", b"rows")])
        (known,) = chunks.load_known(session, ada, "model", {digest})
        assert (known.text, known.sentence_vectors) == ("A passage.", b"rows")
        assert chunks.load_known(session, ada, "other", {digest}) == []
        assert chunks.load_known(session, bob, "model", {digest}) == []
