"""Collections in the database: names, members, what a conversation makes of them."""

from collections.abc import Callable

import pytest

from backend.clock import utc_now
from backend.db.models import Document
from backend.db.repositories import collections, conversations, deletions, documents
from backend.db.session import Database
from backend.errors import Conflict, InvalidRequest, NotFound
from chat_house import add_document, add_user


def make(database: Database, user_id: str, name: str) -> str:
    with database.db_transaction() as session:
        return collections.create(session, user_id, name).id


def put(database: Database, user_id: str, collection_id: str, document_id: str) -> None:
    with database.db_transaction() as session:
        collections.add_document(session, user_id, collection_id, document_id)


def test_a_document_is_in_several_collections_and_counted_in_each(any_database: Database) -> None:
    user_id = add_user(any_database, "ann")
    document_id = add_document(any_database, user_id)
    ids = [make(any_database, user_id, name) for name in ("Work", "Taxes")]
    for collection_id in ids:
        put(any_database, user_id, collection_id, document_id)
        put(any_database, user_id, collection_id, document_id)
    with any_database.db_session() as session:
        assert documents.get(session, user_id, document_id).collection_ids == tuple(sorted(ids))
        listed, cursor = collections.list_page(session, user_id, 50)
    assert [(c.name, c.document_count) for c in listed] == [("Taxes", 1), ("Work", 1)]
    assert cursor is None


@pytest.mark.parametrize("name", ["work", "WORK", "Ｗork"])
def test_names_that_look_alike_conflict(any_database: Database, name: str) -> None:
    user_id = add_user(any_database, "ann")
    make(any_database, user_id, "Work")
    taxes = make(any_database, user_id, "Taxes")
    with pytest.raises(Conflict):
        make(any_database, user_id, name)
    with pytest.raises(Conflict), any_database.db_transaction() as session:
        collections.rename(session, user_id, taxes, name)
    make(any_database, add_user(any_database, "bob"), name)


def test_a_collection_may_be_renamed_to_another_spelling_of_its_name(database: Database) -> None:
    user_id = add_user(database, "ann")
    collection_id = make(database, user_id, "work")
    with database.db_transaction() as session:
        assert collections.rename(session, user_id, collection_id, "Work").name == "Work"


def test_the_list_goes_on_where_its_page_ended(any_database: Database) -> None:
    user_id = add_user(any_database, "ann")
    for name in ("delta", "Bravo", "alpha", "Charlie", "echo"):
        make(any_database, user_id, name)
    names: list[str] = []
    cursor: str | None = None
    with any_database.db_session() as session:
        while True:
            page, cursor = collections.list_page(session, user_id, 2, cursor)
            names += [record.name for record in page]
            if cursor is None:
                break
        with pytest.raises(InvalidRequest):
            collections.list_page(session, user_id, 2, "no-such-id")
    assert names == ["alpha", "Bravo", "Charlie", "delta", "echo"]


def test_deleting_a_collection_keeps_its_documents_and_tells_of_them(
    any_database: Database,
) -> None:
    user_id = add_user(any_database, "ann")
    document_id = add_document(any_database, user_id)
    collection_id = make(any_database, user_id, "Work")
    put(any_database, user_id, collection_id, document_id)
    before = utc_now()
    with any_database.db_transaction() as session:
        collections.remove(session, user_id, collection_id)
    with any_database.db_session() as session:
        document = documents.get(session, user_id, document_id)
    assert document.collection_ids == ()
    assert document.updated_at >= before


def test_a_deleted_document_leaves_its_collections(any_database: Database) -> None:
    user_id = add_user(any_database, "ann")
    document_id = add_document(any_database, user_id)
    collection_id = make(any_database, user_id, "Work")
    put(any_database, user_id, collection_id, document_id)
    with any_database.db_transaction() as session:
        deletions.mark_deleted(session, user_id, document_id)
    with any_database.db_session() as session:
        assert collections.get(session, user_id, collection_id).document_count == 0
        assert collections.document_ids(session, user_id, [collection_id]) == set()
    with any_database.db_transaction() as session:
        deletions.purge(session, document_id)
        assert collections.get(session, user_id, collection_id).document_count == 0
        assert session.get(Document, document_id) is None


def test_nobody_reaches_the_collections_of_others(any_database: Database) -> None:
    ann, bob = add_user(any_database, "ann"), add_user(any_database, "bob")
    document_id = add_document(any_database, ann)
    hers, his = make(any_database, ann, "Work"), make(any_database, bob, "Work")
    put(any_database, ann, hers, document_id)
    steps: list[Callable[..., object]] = [
        lambda s: collections.get(s, bob, hers),
        lambda s: collections.rename(s, bob, hers, "Mine"),
        lambda s: collections.remove(s, bob, hers),
        lambda s: collections.add_document(s, bob, his, document_id),
        lambda s: collections.remove_document(s, bob, hers, document_id),
        lambda s: conversations.create(s, user_id=bob, memory_enabled=True, collection_ids=[hers]),
    ]
    for step in steps:
        with pytest.raises(NotFound), any_database.db_transaction() as session:
            step(session)
    with any_database.db_session() as session:
        assert collections.document_ids(session, bob, [hers, his]) == set()


def test_a_conversation_keeps_the_id_of_a_deleted_collection_until_it_is_chosen_anew(
    any_database: Database,
) -> None:
    user_id = add_user(any_database, "ann")
    gone, there = make(any_database, user_id, "Work"), make(any_database, user_id, "Taxes")
    with any_database.db_transaction() as session:
        made = conversations.create(
            session, user_id=user_id, memory_enabled=True, collection_ids=[gone]
        )
    with any_database.db_transaction() as session:
        collections.remove(session, user_id, gone)
    with any_database.db_transaction() as session:
        kept = conversations.change(session, user_id, made.id, collection_ids=[gone, there])
        assert kept.collection_ids == (gone, there)
    with any_database.db_transaction() as session:
        conversations.change(session, user_id, made.id, collection_ids=[])
    with pytest.raises(NotFound), any_database.db_transaction() as session:
        conversations.change(session, user_id, made.id, collection_ids=[gone])
