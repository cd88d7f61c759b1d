"""Which documents an archive holds and which go with it, on both databases."""

from collections.abc import Sequence
from hashlib import sha256

import pytest

from backend.clock import utc_now
from backend.db.models import IngestJob, User
from backend.db.repositories import archives, collections, deletions, documents, index_tasks
from backend.db.repositories.archives import ALREADY_THERE, NOT_READ, TAKEN_IN, EntryRecord, Usage
from backend.db.session import Database


class Shelf:
    """Documents and archives of one user, by their names."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.ids: dict[str, str] = {}
        with database.db_transaction() as session:
            user = User(
                username="ada",
                username_key="ada",
                password_hash="-",
                role="user",
                created_at=utc_now(),
            )
            session.add(user)
            session.flush()
            self.user_id = user.id

    def add(self, name: str, archive: str | None = None) -> str:
        """Add a document, as an archive's file if there is one; return its id."""
        with self.database.db_transaction() as session:
            archive_id = None if archive is None else self.ids[archive]
            document, is_new = documents.create(
                session,
                self.user_id,
                filename=name,
                media_type="text/plain",
                size_bytes=1,
                sha256=sha256(name.encode()).hexdigest(),
                archive_id=archive_id,
            )
            if archive_id is not None:
                number = archives.count_entries(session, archive_id) + 1
                outcome = TAKEN_IN if is_new else ALREADY_THERE
                entry = EntryRecord(number, name, 10, outcome, None, document.id)
                archives.add_entry(session, archive_id, entry)
        self.ids[name] = document.id
        return document.id

    def fill(self, archive: str, names: Sequence[str]) -> None:
        for name in names:
            self.add(name, archive)

    def delete(self, name: str) -> set[str]:
        """Delete a document; return the names of all that went."""
        with self.database.db_transaction() as session:
            gone = deletions.mark_deleted(session, self.user_id, self.ids[name])
        return {name for name, id_ in self.ids.items() if id_ in gone}

    def left(self) -> set[str]:
        with self.database.db_session() as session:
            return {d.filename for d in documents.list_page(session, self.user_id, 200)[0]}

    def within(self, *names: str) -> set[str]:
        with self.database.db_session() as session:
            found = archives.contents(session, {self.ids[name] for name in names})
        return {name for name, id_ in self.ids.items() if id_ in found}


@pytest.fixture
def shelf(any_database: Database) -> Shelf:
    return Shelf(any_database)


def test_an_archive_holds_also_what_archives_inside_it_and_the_user_before_had(
    shelf: Shelf,
) -> None:
    shelf.add("mine.txt")
    shelf.add("outer.zip")
    shelf.fill("outer.zip", ["a.txt", "inner.zip", "mine.txt"])
    shelf.fill("inner.zip", ["b.txt", "a.txt"])
    assert shelf.within("outer.zip") == {"a.txt", "inner.zip", "mine.txt", "b.txt"}
    assert shelf.within("inner.zip") == {"b.txt", "a.txt"}
    assert shelf.within("a.txt") == set()
    shelf.delete("b.txt")
    assert shelf.within("inner.zip", "mine.txt") == {"a.txt"}


def test_archives_that_hold_each_other_are_followed_once(shelf: Shelf) -> None:
    shelf.add("one.zip")
    shelf.add("two.zip")
    shelf.fill("one.zip", ["two.zip"])
    shelf.fill("two.zip", ["one.zip"])
    assert shelf.within("one.zip") == {"one.zip", "two.zip"}
    assert shelf.delete("one.zip") == {"one.zip"}


def test_with_an_archive_goes_what_came_from_it_and_nothing_else(shelf: Shelf) -> None:
    for name in ("mine.txt", "outer.zip", "other.zip"):
        shelf.add(name)
    shelf.fill("outer.zip", ["a.txt", "inner.zip", "mine.txt"])
    shelf.fill("inner.zip", ["b.txt"])
    shelf.fill("other.zip", ["c.txt"])
    assert shelf.delete("outer.zip") == {"outer.zip", "a.txt", "inner.zip", "b.txt"}
    assert shelf.left() == {"mine.txt", "other.zip", "c.txt"}
    with shelf.database.db_session() as session:
        tasks = index_tasks.waiting(session, 10)
        assert {t.operation for t in tasks} == {"delete_document"}
        assert len(tasks) == 4
        jobs = {id_: session.get_one(IngestJob, id_).state for id_ in shelf.ids.values()}
    assert {name for name, id_ in shelf.ids.items() if jobs[id_] == "waiting"} == shelf.left()


def test_a_document_of_an_archive_goes_alone(shelf: Shelf) -> None:
    shelf.add("outer.zip")
    shelf.fill("outer.zip", ["a.txt", "b.txt"])
    assert shelf.delete("a.txt") == {"a.txt"}
    assert shelf.left() == {"outer.zip", "b.txt"}


def test_what_two_archives_hold_goes_with_the_last_of_them(shelf: Shelf) -> None:
    shelf.add("january.zip")
    shelf.add("february.zip")
    shelf.fill("january.zip", ["a.txt", "inner.zip", "old.txt"])
    shelf.fill("inner.zip", ["b.txt"])
    shelf.fill("february.zip", ["a.txt", "inner.zip"])
    assert shelf.delete("january.zip") == {"january.zip", "old.txt"}
    assert shelf.within("february.zip") == {"a.txt", "inner.zip", "b.txt"}
    assert shelf.delete("february.zip") == {"february.zip", "a.txt", "inner.zip", "b.txt"}
    assert shelf.left() == set()


def test_what_stays_never_belongs_to_itself(shelf: Shelf) -> None:
    # x.zip and y.zip hold each other; the archive that both came from goes, another stays.
    shelf.add("going.zip")
    shelf.add("staying.zip")
    shelf.fill("going.zip", ["x.zip"])
    shelf.fill("x.zip", ["y.zip"])
    shelf.fill("y.zip", ["x.zip"])
    shelf.fill("staying.zip", ["y.zip"])
    assert shelf.delete("going.zip") == {"going.zip"}
    with shelf.database.db_session() as session:
        assert archives.lineage(session, shelf.ids["x.zip"])[-1] == shelf.ids["staying.zip"]
    assert shelf.delete("staying.zip") == {"staying.zip", "x.zip", "y.zip"}


def test_what_is_added_by_itself_outlives_its_archive(shelf: Shelf) -> None:
    shelf.add("outer.zip")
    shelf.fill("outer.zip", ["a.txt", "b.txt"])
    assert shelf.add("a.txt") == shelf.ids["a.txt"]
    assert shelf.within("outer.zip") == {"a.txt", "b.txt"}
    assert shelf.delete("outer.zip") == {"outer.zip", "b.txt"}
    assert shelf.left() == {"a.txt"}


def test_what_was_unpacked_is_added_up_for_all_archives_from_the_outermost_in(
    shelf: Shelf,
) -> None:
    shelf.add("outer.zip")
    shelf.fill("outer.zip", ["a.txt", "inner.zip"])
    shelf.fill("inner.zip", ["b.txt", "c.txt"])
    with shelf.database.db_session() as session:
        inner, outer = shelf.ids["inner.zip"], shelf.ids["outer.zip"]
        assert archives.lineage(session, inner) == [inner, outer]
        assert archives.usage(session, outer) == Usage(4, 40)
        assert archives.usage(session, inner) == Usage(2, 20)


def test_what_became_of_each_file_is_kept_until_the_archive_is_purged(shelf: Shelf) -> None:
    archive_id = shelf.add("outer.zip")
    shelf.fill("outer.zip", ["a.txt"])
    refused = EntryRecord(2, "b.exe", 10, NOT_READ, "it is damaged")
    with shelf.database.db_transaction() as session:
        archives.add_entry(session, archive_id, refused)
    shelf.delete("a.txt")
    with shelf.database.db_transaction() as session:
        deletions.purge(session, shelf.ids["a.txt"])
    with shelf.database.db_session() as session:
        taken_in = EntryRecord(1, "a.txt", 10, TAKEN_IN, None, None)
        assert archives.list_entries(session, archive_id) == [taken_in, refused]
    shelf.delete("outer.zip")
    with shelf.database.db_transaction() as session:
        deletions.purge(session, archive_id)
        assert archives.count_entries(session, archive_id) == 0


def test_an_archive_takes_what_it_holds_into_a_collection_and_out_again(shelf: Shelf) -> None:
    archive_id = shelf.add("outer.zip")
    shelf.fill("outer.zip", ["a.txt", "b.txt"])
    with shelf.database.db_transaction() as session:
        made = collections.create(session, shelf.user_id, "Work").id
        collections.add_document(session, shelf.user_id, made, shelf.ids["a.txt"])
        count = collections.add_document(session, shelf.user_id, made, archive_id).document_count
        assert count == 3
        collections.remove_document(session, shelf.user_id, made, shelf.ids["b.txt"])
        assert collections.document_ids(session, shelf.user_id, {made}) == {
            archive_id,
            shelf.ids["a.txt"],
        }
        collections.inherit(session, archive_id, shelf.ids["b.txt"])
        collections.inherit(session, archive_id, shelf.ids["b.txt"])
        assert len(collections.document_ids(session, shelf.user_id, {made})) == 3
        collections.remove_document(session, shelf.user_id, made, archive_id)
        assert collections.document_ids(session, shelf.user_id, {made}) == set()
