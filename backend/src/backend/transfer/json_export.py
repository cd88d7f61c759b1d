"""A conversation as JSON, with all its branches."""

import json
from collections.abc import Iterator
from typing import Final

from backend.clock import to_wire, utc_now
from backend.transfer.plain import plain
from backend.transfer.transcript import Transcript

FORMAT: Final = "docchat-conversation"
VERSION: Final = 1


def to_json(transcript: Transcript) -> Iterator[str]:
    """Give the pieces of one JSON object.

    `{format, version, exported_at, conversation, branch, messages}`; `branch` are the ids of
    the branch shown, `messages` are those of all branches, oldest first.
    """
    head = {
        "format": FORMAT,
        "version": VERSION,
        "exported_at": to_wire(utc_now()),
        "conversation": plain(transcript.conversation, "user_id"),
        "branch": transcript.branch_ids,
    }
    yield _dump(head)[:-1] + ', "messages": ['
    separator = "\n"
    for message in transcript.read(transcript.all_ids):
        fields = plain(message.record, "user_id", "client_id", "citations")
        yield separator + _dump({**fields, "citations": message.citations})
        separator = ",\n"
    yield "\n]}\n"


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
