"""Passes over real folders: what is taken in, what is let go of, and what is left alone."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from backend.clock import utc_now
from backend.config import Config, load_config
from backend.db.models import User, WatchedFile
from backend.db.repositories import collections, conversations, deletions, documents, watched_files
from backend.db.repositories.documents import DocumentRecord
from backend.db.session import Database
from backend.errors import FolderUnavailable
from backend.ingest.watch.ignored import is_ignored
from backend.ingest.watch.reconcile import PassResult, Reconciler
from backend.ingest.watch.tree import Tree

Upload = Callable[..., DocumentRecord]


class Watched:
    """A folder, and the passes over it."""

    def __init__(self, root: Path, config: Config, database: Database, user_id: str) -> None:
        self.root = root
        self.database = database
        self.user_id = user_id
        self.told: list[str] = []
        self.reconciler = Reconciler(config, database, user_id, self.told.append)

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def run(self, *others: Path) -> PassResult:
        return self.reconciler.run(*(os.fsencode(folder) for folder in (self.root, *others)))

    def documents(self) -> dict[str, DocumentRecord]:
        with self.database.db_session() as session:
            records, _ = documents.list_page(session, self.user_id, 1000)
        return {record.filename: record for record in reversed(records)}  # the newest wins

    def answer(self, document: DocumentRecord) -> None:
        """Let the document be searchable, as the indexer would."""
        with self.database.db_transaction() as session:
            documents.mark_searchable(session, [document.id])

    def delete_in_page(self, document: DocumentRecord) -> None:
        with self.database.db_transaction() as session:
            deletions.mark_deleted(session, self.user_id, document.id)

    def errors(self) -> dict[str, str | None]:
        with self.database.db_session() as session:
            rows = session.execute(select(WatchedFile.shown_path, WatchedFile.error_code))
            return {path: code for path, code in rows if code}


@pytest.fixture
def patient_config(make_config: Callable[..., Config]) -> Config:
    return make_config(watch_quiet_s=3600)


@pytest.fixture
def watched(
    tmp_path: Path, make_config: Callable[..., Config], database: Database, user_id: str
) -> Watched:
    root = tmp_path / "Reports"
    root.mkdir()
    return Watched(root, make_config(watch_quiet_s=0, max_upload_mb=1), database, user_id)


def test_new_files_become_documents_and_a_second_pass_changes_nothing(watched: Watched) -> None:
    watched.write("a.txt", "The lamp is lit.")
    watched.write("2024/b.md", "# The tower\n")
    assert watched.run().added == 2
    found = watched.documents()
    assert set(found) == {"a.txt", "b.md"}
    assert found["b.md"].source_path == "Reports/2024/b.md"
    assert found["a.txt"].status == "queued"
    assert watched.run() == PassResult()
    assert watched.documents() == found


def test_a_changed_file_answers_with_its_old_version_until_the_new_one_can(
    watched: Watched,
) -> None:
    file = watched.write("a.txt", "The lamp is lit.")
    watched.run()
    old = watched.documents()["a.txt"]
    watched.answer(old)
    with watched.database.db_transaction() as session:
        collection = collections.create(session, watched.user_id, "Lamps")
        collections.add_document(session, watched.user_id, collection.id, old.id)
        conversation = conversations.create(
            session, user_id=watched.user_id, memory_enabled=True, document_ids=[old.id]
        )
    file.write_text("The lamp was put out.")
    assert watched.run().changed == 1
    with watched.database.db_session() as session:
        both, _ = documents.list_page(session, watched.user_id, 10)
    assert old.id in {record.id for record in both}
    assert len(both) == 2
    (new,) = (record for record in both if record.id != old.id)
    assert watched.run().is_unfinished
    watched.answer(new)
    assert not watched.run().is_unfinished
    with watched.database.db_session() as session:
        (record,) = documents.list_page(session, watched.user_id, 10)[0]
        assert record.id == new.id
        assert record.collection_ids == (collection.id,)
        asked = conversations.get(session, watched.user_id, conversation.id).document_ids
    assert asked == (new.id,)


def test_a_file_that_changes_again_waits_for_its_version_before(watched: Watched) -> None:
    file = watched.write("a.txt", "one")
    for text in ("one", "two two", "three three three"):
        file.write_text(text)
        watched.run()
    with watched.database.db_session() as session:
        records, _ = documents.list_page(session, watched.user_id, 10)
    assert len(records) == 2
    watched.answer(records[0])
    watched.run()
    watched.answer(next(d for d in watched.documents().values() if d.size_bytes == 17))
    watched.run()
    assert [d.size_bytes for d in watched.documents().values()] == [17]


def test_a_touched_file_stays_the_document_it_is(watched: Watched) -> None:
    file = watched.write("a.txt", "one")
    watched.run()
    before = watched.documents()
    os.utime(file, ns=(1, 1))
    assert watched.run() == PassResult()
    assert watched.documents() == before


def test_a_removed_file_takes_its_document_along(watched: Watched) -> None:
    watched.write("keep.txt", "keep")
    file = watched.write("a.txt", "one")
    watched.run()
    file.unlink()
    assert watched.run().removed == 1
    assert set(watched.documents()) == {"keep.txt"}


def test_a_removed_folder_takes_its_documents_along(watched: Watched) -> None:
    watched.write("keep.txt", "keep")
    watched.write("old/a.txt", "one")
    watched.write("old/deep/b.txt", "two")
    watched.run()
    shutil.rmtree(watched.root / "old")
    assert watched.run().removed == 2


@pytest.mark.parametrize("target", ["b.txt", "A.TXT", "new/a.txt", "\N{ELECTRIC LIGHT BULB}\n.txt"])
def test_a_moved_file_keeps_its_document_and_the_name_follows(
    watched: Watched, target: str
) -> None:
    file = watched.write("a.txt", "one")
    watched.run()
    before = watched.documents()["a.txt"]
    (watched.root / target).parent.mkdir(exist_ok=True)
    file.rename(watched.root / target)
    watched.run()
    (after,) = watched.documents().values()
    assert after.id == before.id
    assert after.filename == Path(target).name.replace("\n", "")
    assert after.source_path == f"Reports/{target}".replace("\n", "")


def test_a_file_may_move_to_another_watched_folder(watched: Watched, tmp_path: Path) -> None:
    other = tmp_path / "Archive"  # read before the folder that the file leaves
    other.mkdir()
    watched.write("stays.txt", "stays")
    file = watched.write("a.txt", "one")
    watched.run(other)
    before = watched.documents()["a.txt"]
    file.rename(other / "a.txt")
    watched.run(other)
    after = watched.documents()["a.txt"]
    assert (after.id, after.source_path) == (before.id, "Archive/a.txt")


def test_one_of_two_copies_holds_the_document(watched: Watched) -> None:
    first, second = watched.write("a.txt", "one"), watched.write("b.txt", "one")
    watched.write("c.txt", "other")
    watched.run()
    (document,) = (d for d in watched.documents().values() if d.size_bytes == 3)
    first.unlink()
    watched.run()
    assert watched.documents()["b.txt"].id == document.id
    second.unlink()
    watched.run()
    assert set(watched.documents()) == {"c.txt"}


def test_what_somebody_uploaded_stays_when_the_file_goes(watched: Watched, upload: Upload) -> None:
    watched.write("keep.txt", "keep")
    first, second = watched.write("a.txt", "one"), watched.write("b.txt", "two")
    before = upload(b"one", "mine.txt")
    watched.run()
    after = upload(b"two", "too.txt")
    first.unlink()
    second.unlink()
    watched.run()
    assert {d.id for d in watched.documents().values()} >= {before.id, after.id}
    assert "mine.txt" in watched.documents()


def test_a_document_deleted_in_the_page_stays_away_until_the_content_changes(
    watched: Watched,
) -> None:
    watched.write("keep.txt", "keep")
    file = watched.write("a.txt", "one")
    watched.run()
    watched.delete_in_page(watched.documents()["a.txt"])
    os.utime(file, ns=(1, 1))
    watched.run()
    file = file.rename(watched.root / "b.txt")
    watched.run()
    assert set(watched.documents()) == {"keep.txt"}
    file.write_text("another one")
    watched.run()
    assert set(watched.documents()) == {"keep.txt", "b.txt"}


def test_nothing_is_removed_while_the_folder_is_missing_or_empty(watched: Watched) -> None:
    watched.write("a.txt", "one")
    watched.run()
    away = watched.root.with_name("away")
    watched.root.rename(away)
    with pytest.raises(FolderUnavailable, match="cannot be read"):
        watched.run()
    watched.root.mkdir()
    with pytest.raises(FolderUnavailable, match="is empty"):
        watched.run()
    watched.root.rmdir()
    away.rename(watched.root)
    assert watched.run() == PassResult()
    assert set(watched.documents()) == {"a.txt"}


def test_what_cannot_be_read_is_not_taken_for_removed(watched: Watched) -> None:
    watched.write("top.txt", "top")
    watched.write("closed/a.txt", "one")
    watched.run()
    tree = Tree(os.fsencode(watched.root))
    tree._unread.append(b"closed")
    assert tree.may_have(b"closed/a.txt")
    assert not tree.may_have(b"closedness.txt")
    if os.geteuid() == 0:
        pytest.skip("the superuser may read everything")
    (watched.root / "closed").chmod(0)
    try:
        assert watched.run() == PassResult()
    finally:
        (watched.root / "closed").chmod(0o700)


def test_refused_files_have_their_reason_and_are_tried_again_when_they_change(
    watched: Watched,
) -> None:
    watched.write("empty.txt", "")
    watched.write("large.txt", b"x" * (1024 * 1024 + 1))
    file = watched.write("odd.bin", bytes(range(256)) * 10)
    assert watched.run().refused == 3
    assert watched.errors() == {
        "Reports/empty.txt": "validation_failed",
        "Reports/large.txt": "too_large",
        "Reports/odd.bin": "unsupported_media_type",
    }
    assert watched.run() == PassResult()
    file.write_text("Now it is text.")
    watched.run()
    assert set(watched.documents()) == {"odd.bin"}
    assert "Reports/odd.bin" not in watched.errors()


def test_a_file_that_becomes_unreadable_for_us_keeps_its_last_document(watched: Watched) -> None:
    file = watched.write("a.txt", "one")
    watched.run()
    file.write_bytes(b"")
    assert watched.run().refused == 1
    assert set(watched.documents()) == {"a.txt"}
    file.write_text("one")
    watched.run()
    assert watched.errors() == {}


@pytest.mark.parametrize(
    "name",
    [
        ".hidden",
        ".git",
        "~$report.docx",
        ".~lock.report.odt#",
        "a.tmp",
        "~WRD0001.tmp",
        "a.swp",
        ".a.txt.swx",
        "a.txt~",
        "#a.txt#",
        "4913",
        "a.part",
        "a.pdf.crdownload",
        ".DS_Store",
        "Thumbs.db",
        "desktop.ini",
        "a.TMP",
    ],
)
def test_leftovers_of_programs_are_ignored(name: str) -> None:
    assert is_ignored(name.encode())


@pytest.mark.parametrize("name", ["a.txt", "4913.txt", "~a.txt", "tmp", "lock.md", "part.pdf"])
def test_names_that_only_look_alike_are_not_ignored(name: str) -> None:
    assert not is_ignored(name.encode())


def test_saving_by_renaming_replaces_the_document(watched: Watched) -> None:
    file = watched.write("a.txt", "one")
    watched.run()
    # Vim: the old file becomes the backup, the new one is written under the name.
    file.rename(watched.root / "a.txt~")
    watched.write("a.txt", "version two")
    (watched.root / "a.txt~").unlink()
    assert (watched.run().changed, watched.documents()["a.txt"].size_bytes) == (1, 11)
    watched.answer(watched.documents()["a.txt"])
    watched.run()
    # Word and LibreOffice: a temporary file takes the name.
    watched.write("~WRD0001.tmp", "version three").replace(file)
    assert watched.run().changed == 1
    assert not [line for line in watched.told if line.startswith("Removed")]


def test_a_missing_file_has_time_to_come_back(
    watched: Watched, patient_config: Config, database: Database, user_id: str
) -> None:
    file = watched.write("a.txt", "one")
    watched.write("b.txt", "two")
    watched.run()
    file.unlink()
    watched.reconciler = Reconciler(patient_config, database, user_id)
    result = watched.run()
    assert (result.removed, result.is_unfinished) == (0, True)
    assert set(watched.documents()) == {"a.txt", "b.txt"}


def test_a_file_that_was_just_written_is_left_alone(
    watched: Watched, patient_config: Config, database: Database, user_id: str
) -> None:
    watched.write("a.txt", "one")
    watched.reconciler = Reconciler(patient_config, database, user_id)
    result = watched.run()
    assert (result.added, result.is_unfinished) == (0, True)


def test_links_loops_pipes_and_the_data_folder_are_not_followed(
    watched: Watched, tmp_path: Path, database: Database, user_id: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("secret")
    watched.write("a.txt", "one")
    (watched.root / "link").symlink_to(outside)
    (watched.root / "link.txt").symlink_to(outside / "secret.txt")
    (watched.root / "loop").symlink_to(watched.root)
    os.mkfifo(watched.root / "pipe.txt")
    data = watched.root / "data"
    data.mkdir()
    (data / "own.txt").write_text("ours")
    config = load_config(data_dir=data, watch_quiet_s=0)
    watched.reconciler = Reconciler(config, database, user_id)
    watched.run()
    assert set(watched.documents()) == {"a.txt"}


def test_names_that_are_no_text_are_taken_in_like_others(watched: Watched) -> None:
    name = os.path.join(os.fsencode(watched.root), b"odd\xff\xfe.txt")
    with open(name, "wb") as file:
        file.write(b"odd")
    watched.run()
    (document,) = watched.documents().values()
    assert document.filename.startswith("odd")
    assert document.filename.encode()
    assert watched.run() == PassResult()
    os.unlink(name)
    watched.write("b.txt", "two")
    watched.run()
    assert set(watched.documents()) == {"b.txt"}


def test_files_go_with_the_folder_or_stay_for_good(watched: Watched) -> None:
    watched.write("a.txt", "one")
    watched.run()
    folder = os.fsencode(watched.root)

    def release(*, remove: bool) -> int:
        with watched.database.db_transaction() as session:
            return watched_files.release_folder(
                session, watched.user_id, folder, 10, remove_documents=remove
            )

    assert release(remove=False) == 1
    assert set(watched.documents()) == {"a.txt"}
    watched.run()
    (watched.root / "a.txt").rename(watched.root / "b.txt")
    watched.write("c.txt", "two")
    watched.run()
    assert "a.txt" not in watched.documents()
    release(remove=True)
    assert set(watched.documents()) == {"b.txt"}  # kept since the first release


def test_rows_of_watched_files_are_alike_on_both_databases(any_database: Database) -> None:
    with any_database.db_transaction() as session:
        user = User(
            username="ada",
            username_key="ada",
            password_hash="-",
            role="admin",
            created_at=utc_now(),
        )
        session.add(user)
        session.flush()
        old, new = (
            documents.create(
                session,
                user.id,
                filename=name,
                media_type="text/plain",
                size_bytes=1,
                sha256=name[0] * 64,
                is_kept=False,
            )[0]
            for name in ("a.txt", "b.txt")
        )
        conversation = conversations.create(
            session, user_id=user.id, memory_enabled=True, document_ids=[old.id]
        )
        for path in (b"b", b"a\xff", b"a/z", b"a.txt"):
            watched_files.put(
                session,
                user.id,
                b"/x",
                path,
                shown_path="x/a.txt",
                size_bytes=2**40,
                mtime_ns=2**62,
                sha256=new.sha256,
                document_id=new.id,
                replaced_document_id=old.id if path == b"b" else None,
            )
        rows = watched_files.list_after(session, user.id, b"/x", b"", 10)
        assert [row.path for row in rows] == [b"a.txt", b"a/z", b"a\xff", b"b"]
        assert (rows[0].size_bytes, rows[0].mtime_ns) == (2**40, 2**62)
        assert not watched_files.settle(session, rows[3])
        documents.mark_searchable(session, [new.id])
        assert watched_files.settle(session, rows[3])
        asked = conversations.get(session, user.id, conversation.id)
        assert asked.document_ids == (new.id,)
        assert documents.get(session, user.id, new.id).source_path == "x/a.txt"
        assert documents.load_many(session, [old.id]) == []
        assert not watched_files.is_dismissed(session, user.id, new.sha256)
        deletions.mark_deleted(session, user.id, new.id)
        assert watched_files.is_dismissed(session, user.id, new.sha256)
        (summary,) = watched_files.summaries(session)
        assert (summary.documents, summary.refused, summary.dismissed) == (0, 0, 4)
