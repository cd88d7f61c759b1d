"""Search over everything the user and the models said, whether it may be recalled or not.

Recall gives other conversations' words to a model, so it heeds every switch. This search only
shows users their own conversations, so it covers all of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from backend.chat.citations import Embed
from backend.chat.evidence import is_scrap
from backend.chat.matching import (
    BEGUN_SCORE,
    Matcher,
    Span,
    marks_within,
    window,
)
from backend.chat.memory import SearchMessages
from backend.chat.when import spoken_date
from backend.db.repositories import message_passages
from backend.db.repositories.message_passages import PassageRecord
from backend.db.session import Database
from backend.errors import EmbeddingRefused, EmbeddingUnavailable
from backend.store.keywords import KeywordEncoder
from backend.store.memory import Recalled, RecalledPassage, SaidWhere
from backend.store.relevance import by_meaning

_LOOKED_THROUGH: Final = 2_000  # newest messages, for a word that is being typed
_EMBEDDED: Final = 16  # most sentences for one search: some 80 ms
_MAYBE_NEAR: Final = 0.5  # of the relevance asked for, of a message together with the turn before


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

    def __init__(
        self, database: Database, search: SearchMessages, embed: Embed, min_relevance: float
    ) -> None:
        """`min_relevance` (0..1) is asked of what shares no word with the query."""
        self._database = database
        self._search = search
        self._embed = embed
        self._min_relevance = min_relevance
        self._encoder = KeywordEncoder()

    def find(
        self, user_id: str, query: str, where: MessageFilter, limit: int
    ) -> list[FoundMessage]:
        """Return the user's messages that fit best, best first.

        Raises:
            Unavailable: the index cannot be reached.
        """
        matcher = Matcher(self._encoder, query, self._min_relevance)
        found = self._search(user_id=user_id, query=query, where=_scope(where), limit=limit)
        allowed = [
            item
            for item in found
            if _is_in(item.passage, where) and matcher.has_phrases(item.passage.text)
        ]
        wordless = {item.passage.id: item for item in allowed if not _has_words(matcher, item)}
        near = self._near(matcher, query, wordless.values())
        shown = [
            _shown(matcher, item.passage, item.score, near.get(item.passage.id))
            for item in allowed
            if item.passage.id not in wordless or item.passage.id in near
        ]
        known = {message.message_id for message in shown}
        for record in self._being_typed(matcher, user_id, where, limit):
            if record.message_id not in known:
                known.add(record.message_id)
                shown.append(_shown(matcher, record, BEGUN_SCORE))
        return sorted(shown, key=lambda message: -message.score)[:limit]

    def _near(self, matcher: Matcher, query: str, items: Iterable[Recalled]) -> dict[str, Span]:
        """Return the passages, by id, that come near the query without a word of it, each with
        the place of its nearest sentence.

        A message's vector is that of the turn before as well. It tells which messages may be
        near; their own sentences, embedded now, tell which are. Nothing is near while the model
        embeds nothing.
        """
        places: list[tuple[str, Span]] = []
        sentences: list[str] = []
        for item in sorted(items, key=lambda item: -(item.cosine or 0.0)):
            if by_meaning(item.cosine or 0.0) < _MAYBE_NEAR * matcher.min_relevance:
                break
            for start, end in item.passage.sentences:
                sentence = item.passage.text[start:end]
                if not is_scrap(sentence) and len(sentences) < _EMBEDDED:
                    places.append((item.passage.id, (start, end)))
                    sentences.append(sentence)
        if not sentences:
            return {}
        try:
            vectors = self._embed([query, *sentences])
        except (EmbeddingUnavailable, EmbeddingRefused):
            return {}
        cosines = vectors[1:] @ vectors[0]
        # The nearest last, so that of each passage it is what stays.
        return {
            places[n][0]: places[n][1]
            for n in map(int, cosines.argsort())
            if by_meaning(float(cosines[n])) >= matcher.min_relevance
        }

    def _being_typed(
        self, matcher: Matcher, user_id: str, where: MessageFilter, limit: int
    ) -> list[PassageRecord]:
        """Return the newest messages that hold the query's last word, finished or not."""
        if not matcher.fragment:
            return []
        with self._database.db_session() as session:
            records = message_passages.newest_containing(
                session, user_id, matcher.fragment, among=_LOOKED_THROUGH, limit=limit
            )
        return [
            record for record in records if _is_in(record, where) and matcher.has_begun(record.text)
        ]


def _shown(
    matcher: Matcher,
    passage: RecalledPassage | PassageRecord,
    score: float,
    nearest: Span | None = None,
) -> FoundMessage:
    """Return the part with most words to mark; without any, from the nearest sentence on."""
    marks = matcher.highlights(passage.text)
    first, last = window(passage.sentences, [nearest] if nearest else marks)
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
        highlights=marks_within(marks, first, last),
        score=score,
    )


def _scope(where: MessageFilter) -> SaidWhere:
    return SaidWhere(
        conversation_ids=(where.conversation_id,) if where.conversation_id else None,
        role=where.role,
        model=where.model,
        since=where.since,
        until=where.until,
    )


def _has_words(matcher: Matcher, item: Recalled) -> bool:
    """Tell whether a message has a word of the query itself or was said on the day that it
    names; that the turn before has a word is not enough."""
    if matcher.has_words(item.passage.text):
        return True
    return item.keyword_score > 0 and matcher.has_all_words(spoken_date(item.passage.said_at))


def _is_in(passage: RecalledPassage | PassageRecord, where: MessageFilter) -> bool:
    return (
        where.role in (None, passage.role)
        and where.model in (None, passage.model)
        and where.conversation_id in (None, passage.conversation_id)
        and (where.since is None or passage.said_at >= where.since)
        and (where.until is None or passage.said_at < where.until)
    )
