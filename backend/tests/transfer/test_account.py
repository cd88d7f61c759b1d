"""A whole account moves to another installation."""

import dataclasses
import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from account_content import content_hashes, fill
from backend.db.repositories import conversations, deletions, messages
from backend.db.repositories.collections import CollectionRecord
from backend.db.repositories.conversations import ConversationRecord
from backend.db.repositories.messages import MessageRecord, Metering
from backend.db.repositories.preferences import PreferencesRecord
from backend.db.repositories.prompt_templates import PromptTemplateRecord
from backend.errors import NotFound
from backend.ingest.worker import drain
from backend.transfer import account_format as layout
from backend.transfer.transcript import Transcript
from installations import Installation
from written_conversation import add_message, write_conversation


def test_nothing_is_lost_on_the_way_to_another_installation(
    home: Installation, target: Installation, pdf: bytes
) -> None:
    ada = home.add_user("ada")
    fill(home, ada, pdf)
    drain(home.config, home.database)
    before = content_hashes(home, ada)
    assert [len(values) for values in before.values()] == [5, 5, 2, 2]
    bob = target.add_user("bob")
    report = target.take_in(bob, home.export(ada))
    assert report.problems == []
    assert report.to_wire()["conversations"] == {"imported": 2, "skipped": 0}
    assert report.to_wire()["messages"] == {"imported": 6, "skipped": 0}
    assert report.to_wire()["documents"] == {"imported": 5, "skipped": 0}
    assert content_hashes(target, bob) == before


def test_what_was_moved_is_read_and_every_citation_opens_its_document(
    home: Installation, target: Installation, pdf: bytes
) -> None:
    ada = home.add_user("ada")
    fill(home, ada, pdf)
    bob = target.add_user("bob")
    target.take_in(bob, home.export(ada))
    drain(target.config, target.database)
    after = target.documents(bob)
    assert {document.status for document in after} == {"ready"}
    # The archive was unpacked there: what it holds was found to be its own, not taken in twice.
    [archive] = [document for document in after if document.filename == "old.zip"]
    assert [d.filename for d in after if d.archive_id == archive.id] == ["old/log.txt", "plan.txt"]
    ids = {document.id for document in after}
    with target.database.db_session() as session:
        records, _ = conversations.list_page(session, bob, limit=10)
        cited = {
            c["document_id"]
            for record in records
            for message in messages.list_for_conversation(session, bob, record.id)
            for c in message.citations
        }
    assert len(cited & ids) == 2
    assert cited - ids == {"gone"}


def test_importing_twice_doubles_nothing(
    home: Installation, target: Installation, pdf: bytes
) -> None:
    ada = home.add_user("ada")
    fill(home, ada, pdf)
    drain(home.config, home.database)
    archive = home.export(ada)
    bob = target.add_user("bob")
    target.take_in(bob, archive)
    before = content_hashes(target, bob)
    report = target.take_in(bob, archive)
    assert report.to_wire() == {
        "imported": 0,
        "skipped": 2,
        "conversations": {"imported": 0, "skipped": 2},
        "messages": {"imported": 0, "skipped": 6},
        "documents": {"imported": 0, "skipped": 5},
        "collections": {"imported": 0, "skipped": 1},
        "problems": [],
    }
    assert content_hashes(target, bob) == before


def test_ones_own_archive_brings_back_only_what_was_deleted(home: Installation, pdf: bytes) -> None:
    ada = home.add_user("ada")
    ids = fill(home, ada, pdf)
    before = content_hashes(home, ada)
    archive = home.export(ada)
    with home.database.db_transaction() as session:
        deletions.mark_deleted(session, ada, ids["tower.pdf"])
        [*_, first], _ = conversations.list_page(session, ada, limit=10)
        conversations.remove(session, ada, first.id)
    report = home.take_in(ada, archive)
    assert report.to_wire()["conversations"] == {"imported": 1, "skipped": 1}
    assert report.to_wire()["documents"] == {"imported": 1, "skipped": 2}
    assert content_hashes(home, ada)["documents"] == before["documents"]


def test_what_was_said_since_is_added_to_a_conversation_that_is_there(
    home: Installation, target: Installation, pdf: bytes
) -> None:
    ada, bob = home.add_user("ada"), target.add_user("bob")
    document_id = home.upload(ada, pdf, "tower.pdf")
    written = write_conversation(home.database, ada, document_id)
    target.take_in(bob, home.export(ada))
    add_message(home.database, ada, written.id, written.second_answer_id, "And in feet?")
    report = target.take_in(bob, home.export(ada, "later.zip"))
    assert report.to_wire()["messages"] == {"imported": 1, "skipped": 3}
    assert content_hashes(target, bob) == content_hashes(home, ada)


def test_an_account_moves_to_another_one_of_the_same_installation(
    home: Installation, pdf: bytes
) -> None:
    ada, bob = home.add_user("ada"), home.add_user("bob")
    fill(home, ada, pdf)
    before = content_hashes(home, ada)
    archive = home.export(ada)
    report = home.take_in(bob, archive)
    assert report.to_wire()["conversations"] == {"imported": 2, "skipped": 0}
    assert report.to_wire()["messages"] == {"imported": 6, "skipped": 0}
    assert content_hashes(home, ada) == before
    with home.database.db_session() as session:
        mine, _ = conversations.list_page(session, bob, limit=10)
    transcripts = [Transcript(home.database, bob, record.id) for record in mine]
    assert [len(t.all_ids) for t in transcripts] == [3, 3]
    assert [len(t.branch_ids) for t in transcripts] == [2, 2]
    assert home.take_in(bob, archive).to_wire()["messages"] == {"imported": 0, "skipped": 6}


def test_an_answer_that_was_being_written_is_interrupted_there(
    home: Installation, other_home: Installation, pdf: bytes
) -> None:
    ada, bob = home.add_user("ada"), other_home.add_user("bob")
    written = write_conversation(home.database, ada, "gone")
    with home.database.db_transaction() as session:
        streaming = messages.add(
            session,
            user_id=ada,
            conversation_id=written.id,
            parent_id=written.question_id,
            role="assistant",
            content="It is",
            status="streaming",
        )
    other_home.take_in(bob, home.export(ada))
    with other_home.database.db_session() as session:
        there = messages.get(session, bob, streaming.id)
    assert (there.content, there.status) == ("It is", "interrupted")


def test_a_lost_original_is_named_and_the_rest_moves(
    home: Installation, other_home: Installation, pdf: bytes
) -> None:
    ada, bob = home.add_user("ada"), other_home.add_user("bob")
    fill(home, ada, pdf)
    lost = hashlib.sha256(pdf).hexdigest()
    home.file_store.delete(lost)
    report = other_home.take_in(bob, home.export(ada))
    assert report.problems == ["“tower.pdf”: its original was not in the archive."]
    assert report.to_wire()["documents"] == {"imported": 2, "skipped": 0}


def test_a_file_that_is_too_large_there_is_named_and_comes_when_the_limit_is_raised(
    home: Installation, other_home: Installation, pdf: bytes
) -> None:
    ada, bob = home.add_user("ada"), other_home.add_user("bob")
    home.upload(ada, b"A line of text about a tower.\n" * 40_000, "long.txt")
    archive = home.export(ada)
    config = other_home.config
    other_home.config = config.model_copy(update={"max_upload_mb": 1})
    [problem] = other_home.take_in(bob, archive).problems
    assert "long.txt" in problem
    assert "MAX_UPLOAD_MB" in problem
    other_home.config = config
    assert other_home.take_in(bob, archive).documents.imported == 1


def test_an_archive_tells_its_hashes_and_holds_no_secret(home: Installation, pdf: bytes) -> None:
    ada = home.add_user("ada")
    fill(home, ada, pdf)
    with zipfile.ZipFile(home.export(ada)) as archive:
        assert archive.testzip() is None
        manifest = json.loads(archive.read("manifest.json"))
        for name, part in manifest["parts"].items():
            assert hashlib.sha256(archive.read(name)).hexdigest() == part["sha256"]
        for name in archive.namelist():
            if name.startswith("files/"):
                assert hashlib.sha256(archive.read(name)).hexdigest() == name.removeprefix("files/")
        everything = b"".join(
            archive.read(n) for n in archive.namelist() if not n.startswith("files/")
        )
    assert (manifest["format"], manifest["version"]) == ("docchat-account", 1)
    assert b"argon2" not in everything


# Whose it is, what is counted anew, and what only a running server needs.
LEFT_OUT = {
    MessageRecord: {"user_id", "conversation_id", "client_id", "metering", "writer_request"},
    ConversationRecord: {"user_id", "message_count"},
    CollectionRecord: {"user_id", "document_count"},
    PreferencesRecord: set[str](),
    PromptTemplateRecord: {"user_id"},
    Metering: set[str](),
}


@pytest.mark.parametrize(
    ("record", "line"),
    [
        (MessageRecord, layout.MessageLine),
        (Metering, layout.MessageLine),
        (ConversationRecord, layout.ConversationLine),
        (CollectionRecord, layout.CollectionLine),
        (PreferencesRecord, layout.PreferencesLine),
        (PromptTemplateRecord, layout.TemplateLine),
    ],
)
def test_every_field_is_in_the_archive_or_left_out_on_purpose(
    record: Any, line: type[layout.Line]
) -> None:
    named = {field.name for field in dataclasses.fields(record)}
    assert named - LEFT_OUT[record] <= set(line.model_fields)


def test_an_unknown_user_has_no_archive(home: Installation, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        home.export("nobody")
