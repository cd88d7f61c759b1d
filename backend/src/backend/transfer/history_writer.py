"""Writes conversations that come from elsewhere: in bulk, each once, taken back on failure.

Everything is committed in short transactions, since on SQLite everybody else waits meanwhile.
Should the server die between two of them, importing the same again adds the rest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy.orm import Session

from backend.db.repositories import transfers
from backend.db.session import Database
from backend.transfer.identities import derived_id, moved_id
from backend.transfer.report import Report

_ROWS_A_STATEMENT: Final = 200
_ROWS_A_TRANSACTION: Final = 1_000
_CHARACTERS_A_TRANSACTION: Final = 8_000_000

Values = Mapping[str, Any]


@dataclass(slots=True)
class _Conversation:
    """A conversation on its way; what it is here is known when its first rows are written."""

    values: Values
    id: str | None = None
    is_moved: bool = False
    was_there: bool = False
    has_added: bool = False
    is_ended: bool = False
    waiting: list[Values] = field(default_factory=list)


class HistoryWriter:
    """Adds conversations and their messages for one user.

    `begin` a conversation, `add` its messages, each after its parent, then begin the next;
    `close` at the end, or `undo` everything.
    """

    def __init__(self, database: Database, user_id: str, report: Report) -> None:
        self._database = database
        self._user_id = user_id
        self._report = report
        self._waiting: list[_Conversation] = []
        self._rows = 0
        self._characters = 0
        self._added_conversations: list[str] = []
        self._added_messages: list[str] = []  # to conversations that were there

    def begin(self, conversation: Values) -> None:
        """Go on with this conversation; one that is there already only gets what it lacks."""
        self._end()
        self._waiting.append(_Conversation(conversation))
        self._rows += 1

    def add(self, message: Values) -> None:
        """Add a message to the conversation, unless it is there."""
        self._waiting[-1].waiting.append(message)
        self._rows += 1
        self._characters += len(message["content"])
        self._flush_if_full()

    def close(self) -> None:
        """Commit what waits."""
        self._end()
        self._flush()

    def undo(self) -> None:
        """Take back all that was written."""
        for remove, ids in (
            (transfers.remove_messages, self._added_messages),
            (transfers.remove_conversations, self._added_conversations),
        ):
            for start in range(0, len(ids), transfers.MAX_IDS):
                with self._database.db_transaction() as session:
                    remove(session, self._user_id, ids[start : start + transfers.MAX_IDS])

    def _end(self) -> None:
        if self._waiting:
            self._waiting[-1].is_ended = True
            self._flush_if_full()

    def _flush_if_full(self) -> None:
        if self._rows >= _ROWS_A_TRANSACTION or self._characters >= _CHARACTERS_A_TRANSACTION:
            self._flush()

    def _flush(self) -> None:
        added_conversations: list[str] = []
        added_messages: list[str] = []
        with self._database.db_transaction() as session:
            for conversation in self._waiting:
                if conversation.id is None and self._place(session, conversation):
                    added_conversations.append(conversation.values["id"])
                messages, conversation.waiting = conversation.waiting, []
                for start in range(0, len(messages), _ROWS_A_STATEMENT):
                    part = messages[start : start + _ROWS_A_STATEMENT]
                    added_messages += self._write(session, conversation, part)
        self._added_conversations += added_conversations
        self._added_messages += added_messages
        for conversation in self._waiting:
            if conversation.is_ended:
                self._report.conversations.count(is_new=conversation.has_added)
        self._waiting = [c for c in self._waiting if not c.is_ended]
        self._rows = self._characters = 0

    def _place(self, session: Session, conversation: _Conversation) -> bool:
        """Find the conversation's place or add it; return whether it was added."""
        old_id: str = conversation.values["id"]
        new_id: str = moved(session, self._user_id, [old_id]).get(old_id, old_id)
        conversation.is_moved = new_id != old_id
        conversation.values = {**conversation.values, "id": new_id}
        conversation.id = new_id
        conversation.was_there = bool(transfers.conversation_owners(session, [new_id]))
        if not conversation.was_there:
            transfers.add_conversation(session, self._user_id, conversation.values)
            conversation.has_added = True
        return not conversation.was_there

    def _write(
        self, session: Session, conversation: _Conversation, messages: Sequence[Values]
    ) -> list[str]:
        """Add those messages that are not there; return the ids of those that may be taken back."""
        assert conversation.id is not None
        here = (self._user_id, conversation.id)
        if conversation.is_moved:
            messages = [_renamed(m, lambda id_: moved_id(self._user_id, id_)) for m in messages]
        ids = {m["id"] for m in messages} | {m["parent_id"] for m in messages if m["parent_id"]}
        homes = transfers.message_homes(session, sorted(ids))

        def own(message_id: str) -> str:
            """Return the message's id here: another one if it is somebody else's already."""
            if homes.get(message_id, here) == here:
                return message_id
            return derived_id("moved", *here, message_id)

        rows = [_renamed(m, own) for m in messages]
        renamed = [row["id"] for row in rows if row["id"] not in ids]
        present = set(homes) | set(transfers.message_homes(session, renamed))
        new = [row for row in rows if row["id"] not in present]
        if new:
            transfers.add_messages(session, *here, new)
            conversation.has_added = True
        self._report.messages.imported += len(new)
        self._report.messages.skipped += len(rows) - len(new)
        return [row["id"] for row in new] if conversation.was_there else []


def moved(session: Session, user_id: str, conversation_ids: Sequence[str]) -> dict[str, str]:
    """Return the ids here of those conversations that cannot keep theirs: somebody else has it.

    One that got another id once keeps that. Asks for half of MAX_IDS at most.
    """
    others = {old_id: moved_id(user_id, old_id) for old_id in conversation_ids}
    owners = transfers.conversation_owners(session, [*others, *others.values()])
    return {
        old_id: new_id
        for old_id, new_id in others.items()
        if owners.get(old_id, user_id) != user_id or owners.get(new_id) == user_id
    }


def _renamed(message: Values, rename: Any) -> dict[str, Any]:
    parent_id = message["parent_id"]
    return {**message, "id": rename(message["id"]), "parent_id": parent_id and rename(parent_id)}


def circle(parents: Mapping[str, str | None]) -> str | None:
    """Return a message that is its own ancestor, or None if messages form trees."""
    sound: set[str] = set()
    for start in parents:
        path: set[str] = set()
        at: str | None = start
        while at is not None and at not in sound:
            if at in path:
                return at
            path.add(at)
            at = parents.get(at)
        sound |= path
    return None
