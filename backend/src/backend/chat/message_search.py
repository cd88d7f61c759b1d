"""Search over everything the user and the models said, whether it may be recalled or not.

Recall gives other conversations' words to a model, so it heeds every switch. This search only
shows users their own conversations, so it covers all of them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from backend.chat.memory import SearchMessages
from backend.db.repositories import message_passages
from backend.db.repositories.message_passages import PassageRecord
from backend.db.session import Database
from backend.store.keywords import KeywordEncoder
from backend.store.memory import Recalled, RecalledPassage, SaidWhere

_QUOTE_CHARACTERS: Final = 300
_MIN_COSINE: Final = 0.35  # from which a message without a word of the query is shown
_LOOKED_THROUGH: Final = 2_000  # newest messages, for a word that is being typed
_FRAGMENT_SCORE: Final = 0.5
_MIN_FRAGMENT: Final = 2
_WORD: Final = re.compile(r"\w+")
_LAST_WORD: Final = re.compile(r"\w+$")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class FoundMessage:
    """A message that was found: `quote` is its text from `start` to `end` (code points).

    `highlights` are (start, end) pairs within `quote` where words of the query stand.
    """

    message_id: str
    conversation_id: str
    conversation_title: str
    role: str
    model: str | None
    said_at: datetime
    quote: str
    start: int
    end: int
    highlights: tuple[Span, ...]
    score: float


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """None: any."""

    role: str | None = None
    model: str | None = None
    conversation_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class MessageSearch:
    """Finds messages by words, also unfinished ones, and by meaning."""

    def __init__(self, database: Database, search: SearchMessages) -> None:
        self._database = database
        self._search = search
        self._encoder = KeywordEncoder()

    def find(
        self, user_id: str, query: str, where: MessageFilter, limit: int
    ) -> list[FoundMessage]:
        """Return the user's messages that fit best, best first.

        Raises:
            Unavailable: the index cannot be reached.
        """
        found = self._search(user_id=user_id, query=query, where=_scope(where), limit=limit)
        shown = [
            self._shown(query, item.passage, item.score)
            for item in found
            if _fits(item) and _is_in(item.passage, where)
        ]
        known = {message.message_id for message in shown}
        for record in self._being_typed(user_id, query, where, limit):
            if record.message_id not in known:
                known.add(record.message_id)
                shown.append(self._shown(query, record, _FRAGMENT_SCORE))
        return sorted(shown, key=lambda message: -message.score)[:limit]

    def _being_typed(
        self, user_id: str, query: str, where: MessageFilter, limit: int
    ) -> list[PassageRecord]:
        """Return the newest messages that hold the query's last word, finished or not."""
        fragment = _LAST_WORD.search(query)
        if fragment is None or len(fragment[0]) < _MIN_FRAGMENT:
            return []
        with self._database.db_session() as session:
            records = message_passages.newest_containing(
                session, user_id, fragment[0], among=_LOOKED_THROUGH, limit=limit
            )
        words = _WORD.findall(query.casefold())
        return [
            record
            for record in records
            if _is_in(record, where) and all(word in record.text.casefold() for word in words)
        ]

    def _shown(
        self, query: str, passage: RecalledPassage | PassageRecord, score: float
    ) -> FoundMessage:
        marks = self.highlights(query, passage.text)
        first, last = _window(passage.text, passage.sentences, marks)
        return FoundMessage(
            message_id=passage.message_id,
            conversation_id=passage.conversation_id,
            conversation_title=passage.conversation_title,
            role=passage.role,
            model=passage.model,
            said_at=passage.said_at,
            quote=passage.text[first:last],
            start=passage.start + first,
            end=passage.start + last,
            highlights=tuple((s - first, e - first) for s, e in marks if first <= s and e <= last),
            score=score,
        )

    def highlights(self, query: str, text: str) -> list[Span]:
        """Return where words of the query stand in the text, in other forms or as its beginning
        where the last word is still being typed."""
        wanted = set(self._encoder.query(query).indices)
        fragment = _LAST_WORD.search(query.casefold())
        marks = []
        known: dict[str, bool] = {}
        for word in _WORD.finditer(text):
            lower = word[0].casefold()
            if lower not in known:
                stems = set(self._encoder.query(lower).indices)
                known[lower] = bool(stems) and stems <= wanted
            if known[lower]:
                marks.append(word.span())
            elif fragment and len(fragment[0]) >= _MIN_FRAGMENT and fragment[0] in lower:
                at = word.start() + lower.index(fragment[0])
                marks.append((at, min(at + len(fragment[0]), word.end())))
        return marks


def _scope(where: MessageFilter) -> SaidWhere:
    return SaidWhere(
        conversation_ids=(where.conversation_id,) if where.conversation_id else None,
        role=where.role,
        model=where.model,
        since=where.since,
        until=where.until,
    )


def _fits(item: Recalled) -> bool:
    return item.keyword_score > 0 or (item.cosine is not None and item.cosine >= _MIN_COSINE)


def _is_in(passage: RecalledPassage | PassageRecord, where: MessageFilter) -> bool:
    return (
        where.role in (None, passage.role)
        and where.model in (None, passage.model)
        and where.conversation_id in (None, passage.conversation_id)
        and (where.since is None or passage.said_at >= where.since)
        and (where.until is None or passage.said_at < where.until)
    )


def _window(text: str, sentences: Sequence[Sequence[int]], marks: Sequence[Span]) -> Span:
    """Return the part of a passage to show: from the sentence with most marks on."""
    counts = [sum(s <= mark[0] < e for mark in marks) for s, e in sentences]
    best = max(range(len(sentences)), key=counts.__getitem__)
    start = sentences[best][0]
    end = sentences[best][1]
    for following in sentences[best + 1 :]:
        if following[1] - start > _QUOTE_CHARACTERS:
            break
        end = following[1]
    return start, end
