"""A conversation to be given away, read in batches so that its length costs no memory."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from backend.db.repositories import conversations, documents, messages
from backend.db.repositories.conversations import ConversationRecord
from backend.db.repositories.messages import MessageRecord
from backend.db.session import Database
from backend.errors import NotFound

_BATCH: Final = 100


@dataclass(frozen=True, slots=True)
class TranscriptMessage:
    """A message and its citations, each with `document_deleted` as on the wire."""

    record: MessageRecord
    citations: list[dict[str, Any]]


class Transcript:
    """A conversation and the ids of its messages, all of them and those of one branch."""

    def __init__(
        self, database: Database, user_id: str, conversation_id: str, leaf_id: str | None = None
    ) -> None:
        """Look the conversation up. The branch ends with `leaf_id`, else the newest message.

        Raises:
            NotFound: the conversation, or the message in it, is not the user's.
        """
        self._database = database
        self._user_id = user_id
        with database.db_session() as session:
            self.conversation: ConversationRecord = conversations.get(
                session, user_id, conversation_id
            )
            outline = messages.outline(session, user_id, conversation_id)
        self.all_ids = [message_id for message_id, _ in outline]
        self.branch_ids = _branch(outline, leaf_id)

    def read(self, message_ids: Sequence[str]) -> Iterator[TranscriptMessage]:
        """Give these messages; those deleted meanwhile are left out.

        No database session is open while the caller works on one.
        """
        ids = iter(message_ids)
        while batch := list(islice(ids, _BATCH)):
            with self._database.db_session() as session:
                records = messages.load(session, self._user_id, batch)
                cited = {c["document_id"] for record in records for c in record.citations}
                live = documents.existing_ids(session, self._user_id, cited) if cited else set()
            for record in records:
                yield TranscriptMessage(record, _marked(record.citations, live))


def _marked(
    citations: Sequence[dict[str, Any]], live_document_ids: Collection[str]
) -> list[dict[str, Any]]:
    return [
        {**citation, "document_deleted": citation["document_id"] not in live_document_ids}
        for citation in citations
    ]


def _branch(outline: Sequence[tuple[str, str | None]], leaf_id: str | None) -> list[str]:
    parents = dict(outline)
    if leaf_id is None:
        leaf_id = outline[-1][0] if outline else None
    elif leaf_id not in parents:
        raise NotFound("This message does not exist in this conversation.")
    branch: list[str] = []
    while leaf_id is not None and leaf_id in parents:
        branch.append(leaf_id)
        leaf_id = parents.pop(leaf_id)  # popped: rows that formed a circle would not end
    return branch[::-1]
