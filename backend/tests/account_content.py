"""An account with something of everything, and what makes two accounts the same."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from backend.db.repositories import (
    collections,
    conversations,
    documents,
    preferences,
    prompt_templates,
    transfers,
)
from backend.db.session import Database
from backend.transfer.plain import plain
from backend.transfer.transcript import Transcript
from installations import Installation
from written_conversation import write_conversation
from zip_maker import make_archive

NOTE = b"The keepers lived in the tower until 1957."
ARCHIVE = make_archive({"old/log.txt": "The lamp was lit at dusk.", "plan.txt": "A plan."})


def fill(home: Installation, user_id: str, pdf: bytes) -> dict[str, str]:
    """Give the account documents, a collection and conversations; return the documents' ids."""
    ids = {
        "tower.pdf": home.upload(user_id, pdf, "tower.pdf"),
        "Żółty – 灯台.txt": home.upload(user_id, NOTE, "Żółty – 灯台.txt"),
        "old.zip": home.upload(user_id, ARCHIVE, "old.zip"),
    }
    with home.database.db_transaction() as session:
        collection = collections.create(session, user_id, "Towers")
        collections.add_document(session, user_id, collection.id, ids["tower.pdf"])
    write_conversation(home.database, user_id, ids["tower.pdf"], "The tower")
    second = write_conversation(home.database, user_id, ids["Żółty – 灯台.txt"], "Keepers 🗼")
    with home.database.db_transaction() as session:
        conversations.change(
            session,
            user_id,
            second.id,
            memory_enabled=False,
            document_ids=[ids["tower.pdf"]],
            collection_ids=[collection.id],
            asking={"system_prompt": "Be brief.", "temperature": 0.5, "max_answer_tokens": 99},
        )
        preferences.change(session, user_id, {"system_prompt": "Du sprichst Deutsch."})
        prompt_templates.create(session, user_id, "Compare", "Compare {{a}} with {{b}}.")
    return ids


def content_hashes(home: Installation, user_id: str) -> dict[str, list[str]]:
    """Return the hashes of all that the account holds, ids of documents told by content."""
    by_id = {d.id: d.sha256 for d in home.documents(user_id)}
    return {
        "files": sorted(
            hashlib.sha256(home.file_store.path(d.sha256).read_bytes()).hexdigest()
            for d in home.documents(user_id)
        ),
        "documents": sorted(_hash(_document(home, user_id, d.id)) for d in home.documents(user_id)),
        "settings": sorted(_settings(home.database, user_id)),
        "conversations": sorted(_conversations(home.database, user_id, by_id)),
    }


def _document(home: Installation, user_id: str, document_id: str) -> dict[str, Any]:
    with home.database.db_session() as session:
        record = documents.get(session, user_id, document_id)
        names = [collections.get(session, user_id, id_).name for id_ in record.collection_ids]
    archive = record.archive_id and next(
        d.sha256 for d in home.documents(user_id) if d.id == record.archive_id
    )
    fields = plain(record)
    kept = ("filename", "media_type", "size_bytes", "sha256", "created_at")
    return {**{name: fields[name] for name in kept}, "collections": names, "archive": archive}


def _settings(database: Database, user_id: str) -> list[str]:
    with database.db_session() as session:
        chosen = preferences.get(session, user_id)
        templates, _ = prompt_templates.list_page(session, user_id, 100)
    return [_hash(plain(chosen)), *(_hash(plain(t, "id", "user_id")) for t in templates)]


def _conversations(database: Database, user_id: str, by_id: Mapping[str, str]) -> list[str]:
    with database.db_session() as session:
        ids = transfers.conversation_ids(session, user_id)
    hashes = []
    for conversation_id in ids:
        transcript = Transcript(database, user_id, conversation_id)
        fields = plain(transcript.conversation, "user_id")
        fields["document_ids"] = [by_id.get(id_, id_) for id_ in fields["document_ids"]]
        with database.db_session() as session:
            fields["collection_ids"] = [
                collections.get(session, user_id, id_).name for id_ in fields["collection_ids"]
            ]
        messages = []
        for message in transcript.read(transcript.all_ids):
            values = plain(message.record, "user_id", "metering", "writer_request")
            values["metering"] = plain(message.record.metering)
            for cited in values["citations"]:
                cited["document_id"] = by_id.get(cited["document_id"], cited["document_id"])
            messages.append(values)
        hashes.append(_hash({"conversation": fields, "messages": messages}))
    return hashes


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
