"""A conversation as JSON, with all its branches."""

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from backend.clock import to_wire, utc_now
from backend.db.repositories.conversations import ConversationRecord
from backend.db.repositories.messages import MessageRecord
from backend.transfer.transcript import Transcript

FORMAT: Final = "docchat-conversation"
VERSION: Final = 1


def to_json(
    transcript: Transcript,
    show_conversation: Callable[[ConversationRecord], dict[str, Any]],
    show_message: Callable[[MessageRecord], dict[str, Any]],
) -> Iterator[str]:
    """Give the pieces of one JSON object.

    `{format, version, exported_at, conversation, branch, messages}`; `branch` are the ids of
    the branch shown, `messages` are those of all branches, oldest first. The two functions
    give records the form they have on the wire.
    """
    head = {
        "format": FORMAT,
        "version": VERSION,
        "exported_at": to_wire(utc_now()),
        "conversation": show_conversation(transcript.conversation),
        "branch": transcript.branch_ids,
    }
    yield _dump(head)[:-1] + ', "messages": ['
    separator = "\n"
    for message in transcript.read(transcript.all_ids):
        yield separator + _dump({**show_message(message.record), "citations": message.citations})
        separator = ",\n"
    yield "\n]}\n"


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
