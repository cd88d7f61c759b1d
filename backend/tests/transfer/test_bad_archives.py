"""Archives that are damaged, foreign or made by somebody who means harm change nothing."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from account_content import content_hashes, fill
from backend.db.repositories import conversations, messages, transfers
from backend.errors import ImportRefused
from backend.transfer.history_writer import HistoryWriter
from backend.transfer.report import Report
from installations import Installation
from uploads import stored_files
from written_conversation import write_conversation
from zip_maker import RawEntry, make_archive, make_raw

Parts = dict[str, bytes]


@pytest.fixture
def archive(home: Installation, pdf: bytes) -> Path:
    ada = home.add_user("ada")
    fill(home, ada, pdf)
    return home.export(ada)


@pytest.fixture
def bob(other_home: Installation) -> str:
    return other_home.add_user("bob")


def parts_of(path: Path) -> Parts:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def with_part(path: Path, name: str, change: Callable[[list[Any]], None]) -> bytes:
    """Return the archive with the records of a part changed, and hashes that agree."""
    parts = parts_of(path)
    records = [json.loads(line) for line in parts[name].splitlines()]
    change(records)
    parts[name] = b"".join(json.dumps(record).encode() + b"\n" for record in records)
    manifest = json.loads(parts["manifest.json"])
    manifest["parts"][name] = {
        "sha256": hashlib.sha256(parts[name]).hexdigest(),
        "size_bytes": len(parts[name]),
        "records": len(records),
    }
    parts["manifest.json"] = json.dumps(manifest).encode()
    return make_archive(parts)


def with_manifest(path: Path, **changes: Any) -> bytes:
    parts = parts_of(path)
    manifest = {**json.loads(parts["manifest.json"]), **changes}
    return make_archive({**parts, "manifest.json": json.dumps(manifest)})


def refuse(home: Installation, user_id: str, data: bytes, reason: str) -> None:
    """Assert that the archive is refused with the reason and leaves nothing behind."""
    path = home.folder / "bad.zip"
    path.write_bytes(data)
    with pytest.raises(ImportRefused, match=reason):
        home.take_in(user_id, path)
    assert content_hashes(home, user_id)["conversations"] == []
    assert home.documents(user_id) == []
    assert stored_files(home.config) == []


def test_what_is_no_archive_of_an_account_is_refused(
    other_home: Installation, bob: str, archive: Path
) -> None:
    whole = archive.read_bytes()
    for data, reason in (
        (b"hello", "cannot be opened"),
        (whole[: len(whole) // 2], "cannot be opened"),
        (make_archive({"note.txt": "x"}), "does not belong there: note.txt"),
        (make_archive({"manifest.json": "{}"}), "manifest is foreign"),
        (make_archive({"manifest.json": "[" * 100_000}), "manifest is foreign"),
        (make_archive({"manifest.json": '{"format": "other", "version": 1}'}), "foreign"),
        (make_archive({"conversations.json": "[]"}), "does not belong there"),
    ):
        refuse(other_home, bob, data, reason)


def test_another_version_is_refused_with_what_to_do(
    other_home: Installation, bob: str, archive: Path
) -> None:
    refuse(other_home, bob, with_manifest(archive, version=2), "has version 2.*Update")


def test_missing_parts_and_other_hashes_are_refused(
    other_home: Installation, bob: str, archive: Path
) -> None:
    parts = parts_of(archive)
    without = {k: v for k, v in parts.items() if k != "documents.jsonl"}
    refuse(other_home, bob, make_archive(without), "documents.jsonl is missing")
    changed = {**parts, "conversations.jsonl": parts["conversations.jsonl"].replace(b"77", b"78")}
    refuse(other_home, bob, make_archive(changed), "not what the manifest says")
    name = next(n for n in parts if n.startswith("files/"))
    refuse(other_home, bob, make_archive({**parts, name: b"other"}), "not what its name says")
    lacking = {k: v for k, v in parts.items() if k != name}
    refuse(other_home, bob, make_archive(lacking), "is not in the archive")


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "files/../x", "C:\\x", "files/" + "A" * 64]
)
def test_names_that_lead_elsewhere_are_refused(
    other_home: Installation, bob: str, archive: Path, name: str
) -> None:
    data = make_archive({**parts_of(archive), name: b"x"})
    refuse(other_home, bob, data, "does not belong there")


def test_bombs_are_refused_before_anything_is_unpacked(
    other_home: Installation, bob: str, archive: Path
) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("manifest.json", b" " * 50_000_000)
    refuse(other_home, bob, bomb.getvalue(), "200 times its size")
    lying = make_raw([RawEntry(b"manifest.json", b" " * 100_000, declared_bytes=2**32 - 1)])
    refuse(other_home, bob, lying, "larger than the allowed|200 times")
    small = other_home.config.model_copy(update={"import_max_mb": 1})
    big = {**parts_of(archive), "documents.jsonl": b'{"x":1}\n' * 200_000}
    config, other_home.config = other_home.config, small
    refuse(other_home, bob, make_archive(big), "IMPORT_MAX_MB|larger than the allowed")
    other_home.config = config


def _first(records: list[Any], kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(r[kind] for r in records if r.get(kind))
    return found


def _message(**fields: Any) -> Callable[[list[Any]], Any]:
    return lambda records: _first(records, "message").update(fields)


def _conversation(**fields: Any) -> Callable[[list[Any]], Any]:
    return lambda records: _first(records, "conversation").update(fields)


MEMORY = {"message_id": "a", "conversation_id": "b"}
TALKS, FILES = "conversations.jsonl", "documents.jsonl"
CHANGES: list[tuple[str, Callable[[list[Any]], Any], str]] = [
    (TALKS, lambda r: r.insert(0, {"message": r[1]["message"]}), "begin with"),
    (TALKS, lambda r: r.append({}), "no known kind"),
    (TALKS, lambda r: r.append(7), "line 9"),
    (TALKS, lambda r: r.append(r[0]), "twice"),
    (TALKS, lambda r: r.insert(2, r[1]), "twice"),
    (TALKS, _message(role="system"), "role"),
    (TALKS, _message(parent_id="x"), "not there"),
    (TALKS, lambda r: r[1]["message"].update(parent_id=r[2]["message"]["id"]), "itself"),
    (TALKS, _message(content="a\0b"), "NUL"),
    (TALKS, _message(created_at="soon"), "created_at"),
    (TALKS, _message(created_at="2020-01-01T00:00:00"), "created_at"),
    (TALKS, _message(created_at="0001-01-01T00:00:00+14:00"), "created_at"),
    (TALKS, _message(updated_at="9999-12-31T23:59:59-14:00"), "updated_at"),
    (TALKS, _message(error={"code": "x", "after_s": float("nan")}), "number that no database"),
    (TALKS, _message(memories=[{**MEMORY, "score": float("inf")}]), "number that no database"),
    (TALKS, _message(surprise=1), "surprise"),
    (TALKS, _message(citations=[{"n": "1"}]), "citations"),
    (TALKS, _message(left_out={"messages": 1}), "left_out"),
    (TALKS, _conversation(id="../x"), "id"),
    (TALKS, _conversation(temperature=3), "temperature"),
    (FILES, lambda r: r[0].update(sha256="b" * 64), "not in the archive"),
    (FILES, lambda r: r[0].update(collection_ids=["x"]), "collection that is not there"),
    (FILES, lambda r: r.append(r[0]), "twice"),
    ("collections.jsonl", lambda r: r[0].update(name=""), "name"),
    ("settings.jsonl", lambda r: r.extend([r[-1]] * 300), "too many"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "change", "reason"), CHANGES)
def test_records_that_are_not_sound_are_refused_with_their_place(
    other_home: Installation,
    bob: str,
    archive: Path,
    name: str,
    change: Callable[[list[Any]], None],
    reason: str,
) -> None:
    refuse(other_home, bob, with_part(archive, name, change), reason)


def test_ids_of_somebody_else_give_no_way_to_their_conversations(
    home: Installation, archive: Path
) -> None:
    """Bob sends Ada's own ids with other texts: he gets copies, hers stay."""
    bob = home.add_user("bob")
    with home.database.db_session() as session:
        [ada] = set(transfers.conversation_owners(session, _ids(archive)).values())
    before = content_hashes(home, ada)

    def change(records: list[Any]) -> None:
        for record in records:
            if record.get("message"):
                record["message"]["content"] = "Mine now"

    path = home.folder / "hostile.zip"
    path.write_bytes(with_part(archive, "conversations.jsonl", change))
    report = home.take_in(bob, path)
    assert report.to_wire()["messages"] == {"imported": 6, "skipped": 0}
    assert content_hashes(home, ada) == before


def test_messages_that_name_somebody_elses_ids_get_ids_of_their_own(
    home: Installation, archive: Path
) -> None:
    bob = home.add_user("bob")

    def change(records: list[Any]) -> None:
        for number, record in enumerate(r for r in records if r.get("conversation")):
            record["conversation"]["id"] = f"new-{number}"

    path = home.folder / "hostile.zip"
    path.write_bytes(with_part(archive, "conversations.jsonl", change))
    for imported in (6, 0):
        assert home.take_in(bob, path).messages.imported == imported
    with home.database.db_session() as session:
        found = messages.list_for_conversation(session, bob, "new-0")
    assert [m.parent_id for m in found] == [None, found[0].id, found[0].id]


def _ids(path: Path) -> list[str]:
    lines = parts_of(path)["conversations.jsonl"].splitlines()
    records = [json.loads(line) for line in lines]
    return [r["conversation"]["id"] for r in records if r.get("conversation")]


def test_a_failure_in_the_middle_takes_back_what_was_added(
    other_home: Installation, bob: str, archive: Path
) -> None:
    last = max(n for n in parts_of(archive) if n.startswith("files/")).removeprefix("files/")
    other_home.config.files_dir.mkdir(parents=True)
    blocked = other_home.config.files_dir / last[:2]
    blocked.write_text("a file where a folder has to be")
    with pytest.raises(OSError, match=last[:2]):
        other_home.take_in(bob, archive)
    assert other_home.documents(bob) == []
    assert set(content_hashes(other_home, bob)["conversations"]) == set()
    with other_home.database.db_session() as session:
        assert transfers.find_collection(session, bob, "Towers") is None
    blocked.unlink()
    assert other_home.take_in(bob, archive).documents.imported == 3


def test_written_conversations_can_be_taken_back(other_home: Installation, bob: str) -> None:
    kept = write_conversation(other_home.database, bob, "gone")
    before = content_hashes(other_home, bob)
    writer = HistoryWriter(other_home.database, bob, Report())
    with other_home.database.db_session() as session:
        record = conversations.get(session, bob, kept.id)
        [message, *_] = messages.list_for_conversation(session, bob, kept.id)
    values = {
        "title": "t", "title_source": "user", "memory_enabled": True, "document_ids": [],
        "collection_ids": [], "created_at": record.created_at, "updated_at": record.updated_at,
    }  # fmt: skip
    for conversation_id in (kept.id, "another"):
        writer.begin({**values, "id": conversation_id})
        for number in range(1_500):
            writer.add(
                {
                    "id": f"{conversation_id[:8]}-{number}", "parent_id": None, "role": "user",
                    "content": "x", "status": "complete", "citations": [], "memories": [],
                    "created_at": message.created_at, "updated_at": message.created_at,
                }
            )  # fmt: skip
    writer.close()
    assert len(content_hashes(other_home, bob)["conversations"]) == 2
    writer.undo()
    assert content_hashes(other_home, bob) == before
