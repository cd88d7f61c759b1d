"""An archive's journey: every file in it becomes a document, once, within the limits."""

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from archive_house import all_documents, from_archive, lights, listing, text
from backend.config import Config
from backend.db.repositories import collections, documents
from backend.db.repositories.documents import DocumentRecord
from backend.db.session import Database
from backend.files import FileStore
from backend.ingest.worker import Worker, drain
from office_maker import make_docx, paragraph
from pdf_maker import make_pdf
from zip_maker import RawEntry, add_link, make_archive, make_raw

Upload = Callable[..., DocumentRecord]
Look = Callable[[str], DocumentRecord]
MIB = 1024 * 1024


def test_every_file_becomes_a_document_and_the_archive_a_list_of_them(
    config: Config, database: Database, upload: Upload, look: Look
) -> None:
    archive = upload(
        make_archive(
            {
                "a/README.md": "# Lamps\n\n" + text("lamp"),
                "b/README.md": "# Lenses\n\n" + text("lens"),
                "report.pdf": make_pdf([text("tower")]),
                "letter.docx": make_docx(paragraph(text("keeper"))),
                "program.exe": b"MZ\x90\x00" + bytes(range(256)) * 4,
                "empty.txt": b"",
                "__MACOSX/._report.pdf": b"\x00\x05\x16\x07",
            }
        ),
        "lights.zip",
    )
    assert archive.media_type == "application/zip"
    drain(config, database)
    assert from_archive(database, archive.id) == {
        "a/README.md": "ready",
        "b/README.md": "ready",
        "report.pdf": "ready",
        "letter.docx": "ready",
    }
    ready = look(archive.id)
    assert (ready.status, ready.page_count, ready.archive_id) == ("ready", 1, None)
    assert (ready.progress_done, ready.progress_total) == (None, None)
    assert listing(database, archive.id) == [
        "a/README.md (taken in)",
        "b/README.md (taken in)",
        "report.pdf (taken in)",
        "letter.docx (taken in)",
        "program.exe (not read: it seems to be a Windows program)",
        "empty.txt (not read: it is empty)",
    ]


def test_a_large_archive_lets_its_first_files_be_read_before_it_is_unpacked_to_its_end(
    make_config: Callable[..., Config], database: Database, upload: Upload, look: Look
) -> None:
    config = make_config(ingest_turn_s=0.001)
    names = [f"{number}.txt" for number in range(4)]
    archive = upload(make_archive({name: text(name) for name in names}), "lights.zip")
    worker = Worker(config, database)
    assert worker.process_next()
    assert look(archive.id).status == "extracting"
    assert list(from_archive(database, archive.id).values()) == ["queued"]
    worker.close()
    drain(config, database)
    assert look(archive.id).status == "ready"
    assert from_archive(database, archive.id) == dict.fromkeys(names, "ready")
    assert listing(database, archive.id) == [f"{name} (taken in)" for name in names]


def test_bytes_that_are_there_already_are_recognised(
    config: Config, database: Database, upload: Upload
) -> None:
    mine = upload(text("tower").encode(), "mine.txt")
    archive = upload(
        make_archive({"copy.txt": text("tower"), "a.txt": text("lamp"), "b.txt": text("lamp")})
    )
    drain(config, database)
    assert len(all_documents(database)) == 3
    assert from_archive(database, archive.id) == {"a.txt": "ready"}
    assert listing(database, archive.id) == [
        "copy.txt (was there already)",
        "a.txt (taken in)",
        "b.txt (was there already)",
    ]
    with database.db_session() as session:
        assert documents.get(session, mine.user_id, mine.id).filename == "mine.txt"


def test_an_archive_in_an_archive_is_unpacked_by_its_own_job(
    config: Config, database: Database, upload: Upload
) -> None:
    inner = make_archive({"deep.txt": text("lens")})
    outer = upload(make_archive({"inner.zip": inner, "note.txt": text("lamp")}), "outer.zip")
    drain(config, database)
    assert from_archive(database, outer.id) == {"inner.zip": "ready", "note.txt": "ready"}
    (inner_id,) = [d.id for d in all_documents(database) if d.filename == "inner.zip"]
    assert from_archive(database, inner_id) == {"deep.txt": "ready"}


def test_archives_are_unpacked_four_deep_and_no_deeper(
    config: Config, database: Database, upload: Upload
) -> None:
    content: bytes = text("lamp").encode()
    name = "lamp.txt"
    for level in range(7):
        content, name = make_archive({name: content, "note.txt": text(f"{level}")}), f"{level}.zip"
    upload(content, name)
    drain(config, database)
    assert sorted(d.filename for d in all_documents(database) if "zip" in d.filename) == [
        "3.zip",
        "4.zip",
        "5.zip",
        "6.zip",
    ]
    (deepest,) = [d for d in all_documents(database) if d.filename == "3.zip"]
    assert "2.zip (not read: archives inside one another are unpacked 4 deep)" in listing(
        database, deepest.id
    )


def test_an_archive_that_holds_itself_is_not_followed(
    config: Config, database: Database, upload: Upload, look: Look
) -> None:
    stored = make_archive({"a.txt": text("lamp")})
    archive = upload(stored, "quine.zip")
    # Bytes that have the digest of what they hold are rare: these are put in its place.
    original = FileStore(config.files_dir).path(archive.sha256)
    original.write_bytes(make_archive({"note.txt": text("lens"), "quine.zip": stored}))
    drain(config, database)
    assert look(archive.id).status == "ready"
    assert from_archive(database, archive.id) == {"note.txt": "ready"}
    assert "quine.zip (not read: it is an archive that holds itself)" in listing(
        database, archive.id
    )


def test_the_limits_hold_for_all_archives_inside_together(
    make_config: Callable[..., Config], database: Database, upload: Upload
) -> None:
    config = make_config(archive_max_entries=20)
    # As 42.zip does it: each of five archives holds five others.
    inner = {f"{a}.zip": make_archive(lights_of(a)) for a in range(5)}
    outer = upload(make_archive(inner), "42.zip")
    drain(config, database)
    statuses = sorted(d.status for d in all_documents(database) if d.archive_id == outer.id)
    assert statuses == ["failed", "failed", "ready", "ready", "ready"]
    failed = next(d for d in all_documents(database) if d.status == "failed")
    assert failed.error_code == "document_too_large"
    assert "more than 20 files" in (failed.error_message or "")
    assert len(all_documents(database)) == 1 + 5 + 3 * 5


def lights_of(number: int) -> dict[str, str | bytes]:
    return {f"{n}.txt": text(f"lamp {n} of lighthouse {number}") for n in range(5)}


def test_what_archives_inside_one_another_unpack_to_is_added_up(
    make_config: Callable[..., Config], database: Database, upload: Upload
) -> None:
    config = make_config(archive_max_mb=3)
    inner = {f"{n}.zip": make_archive({"a.txt": os.urandom(MIB).hex()[:MIB]}) for n in range(4)}
    outer = upload(make_archive(inner), "outer.zip")
    drain(config, database)
    statuses = sorted(d.status for d in all_documents(database) if d.archive_id == outer.id)
    assert "failed" in statuses
    failed = next(d for d in all_documents(database) if d.status == "failed")
    assert "unpacks to more than 3 MiB" in (failed.error_message or "")


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (make_archive({}), "nothing_unpacked", "no files"),
        (make_archive({"__MACOSX/._a": b"x", "docs/": b""}), "nothing_unpacked", "no files"),
        (
            make_archive({"a.exe": b"MZ" + bytes(99), "b.exe": b"MZ" + bytes(98), "c": b""}),
            "nothing_unpacked",
            "it seems to be a Windows program (2), it is empty (1)",
        ),
        (
            make_raw([RawEntry(b"a.txt", b"?", flags=1), RawEntry(b"b.txt", b"??", flags=1)]),
            "document_encrypted",
            "password",
        ),
        (make_archive({"zeros.txt": bytes(20 * MIB)}), "document_too_large", "ZIP bomb"),
        (
            make_raw([RawEntry(b"a", os.urandom(999)), RawEntry(b"a", b"", offset=0)]),
            "document_too_large",
            "overlap",
        ),
        (make_archive({"a.txt": "text"})[:-30], "document_unreadable", "damaged"),
    ],
    ids=["empty", "junk", "unreadable", "encrypted", "bomb", "overlap", "cut off"],
)
def test_an_archive_of_which_nothing_can_be_taken_in_fails_with_the_reason(
    config: Config,
    database: Database,
    upload: Upload,
    look: Look,
    content: bytes,
    code: str,
    words: str,
) -> None:
    archive = upload(content, "a.zip")
    drain(config, database)
    failed = look(archive.id)
    assert (failed.status, failed.error_code) == ("failed", code)
    assert words in (failed.error_message or "")
    assert len(all_documents(database)) == 1
    assert list((config.files_dir / "incoming").iterdir()) == []


def test_what_cannot_be_read_is_listed_beside_what_can(
    config: Config, database: Database, upload: Upload, look: Look
) -> None:
    archive = upload(
        make_raw(
            [
                RawEntry(b"fine.txt", text("lamp").encode()),
                RawEntry(b"lies.txt", bytes(MIB), declared_bytes=100),
                RawEntry(b"secret.txt", b"?", flags=1),
                RawEntry(b"odd.txt", b"?", method=97),
            ]
        )
    )
    drain(config, database)
    assert look(archive.id).status == "ready"
    assert listing(database, archive.id) == [
        "fine.txt (taken in)",
        "lies.txt (not read: it is damaged)",
        "secret.txt (not read: it needs a password)",
        "odd.txt (not read: it is packed in a way that cannot be unpacked)",
    ]


def test_a_link_in_an_archive_leads_nowhere(
    config: Config, database: Database, upload: Upload
) -> None:
    archive = upload(add_link("passwords.txt", "/etc/passwd"), "a.zip")
    drain(config, database)
    assert from_archive(database, archive.id) == {"note.txt": "ready"}


def test_nothing_is_written_outside_of_the_folder_of_files(
    config: Config, database: Database, upload: Upload, tmp_path: Path
) -> None:
    names = ["../../out.txt", "/tmp/out.txt", "a\nb.txt", "\U0001f600.txt", "x" * 300 + ".txt"]
    archive = upload(make_archive({name: text(name) for name in names}))
    drain(config, database)
    assert len(from_archive(database, archive.id)) == len(names)
    stored = {path for path in tmp_path.rglob("*") if path.is_file()}
    outside = {p for p in stored if config.files_dir not in p.parents}
    assert not [path for path in outside if "out" in path.name]
    assert len(FileStore(config.files_dir).list_sha256()) == len(names) + 1


def test_what_is_unpacked_joins_the_archives_collections(
    config: Config, database: Database, upload: Upload, look: Look
) -> None:
    archive = upload(make_archive(lights(2)), "lights.zip")
    user_id = archive.user_id
    with database.db_transaction() as session:
        early = collections.create(session, user_id, "Early")
        collections.add_document(session, user_id, early.id, archive.id)
    drain(config, database)
    assert {d.filename for d in in_collection(database, user_id, early.id)} == {
        "lights.zip",
        "lights/0.txt",
        "lights/1.txt",
    }
    with database.db_transaction() as session:
        late = collections.create(session, user_id, "Late")
        collections.add_document(session, user_id, late.id, archive.id)
        assert collections.get(session, user_id, late.id).document_count == 3
        collections.remove_document(session, user_id, early.id, archive.id)
        assert collections.get(session, user_id, early.id).document_count == 0
    assert look(archive.id).collection_ids == (late.id,)


def in_collection(database: Database, user_id: str, collection_id: str) -> list[DocumentRecord]:
    with database.db_session() as session:
        return documents.list_page(session, user_id, 200, None, collection_id)[0]


def test_any_bytes_end_an_archive_in_a_final_state(
    config: Config, database: Database, upload: Upload, look: Look
) -> None:
    chance = random.Random(0)
    whole = make_archive(lights(6))
    broken = []
    for _ in range(60):
        content = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            content[chance.randrange(4, len(content))] = chance.randrange(256)
        broken.append(upload(bytes(content), "broken.zip", "application/zip").id)
    drain(config, database)
    assert {look(id_).status for id_ in broken} <= {"ready", "failed"}
    codes = {look(id_).error_code for id_ in broken}
    assert codes <= {None, *["nothing_unpacked", "document_unreadable", "document_too_large"]}
