"""Hybrid search over what was said: BM25 and embeddings, fused by weights of their own.

A turn is short and leans on the one before it, so its words and its vector carry some of its
neighbour's (docs/memory.md has the measurements).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Protocol

import numpy as np

from backend.config import Config
from backend.store.base import FloatVector, SearchFilter, SearchIndex
from backend.store.candidates import CandidateFinder, Candidates
from backend.store.embeddings import Embedder
from backend.store.exact import ExactTerms
from backend.store.fusion import fuse, normalise
from backend.store.keywords import KeywordEncoder
from backend.store.relevance import PassageSentences, SentenceScorer

# So many times more passages than wanted are read, since some are of the same message.
_SPARE: Final = 3
_DAY_S: Final = 86_400.0
# Age counts like this: half of what it may cost is lost after half a year.
_HALF_LIFE_DAYS: Final = 180.0


RECALLABLE: Final = "recallable"


def role_label(role: str) -> str:
    """Return the label that messages of a role have in the index."""
    return f"role:{role}"


def model_label(model: str) -> str:
    """Return the label that answers of a model have in the index."""
    return f"model:{model}"


@dataclass(frozen=True, slots=True)
class RecalledPassage:
    """A passage's row: `text` is the message's text from `start` to `end` (code points).

    `sentences` holds (start, end) pairs within `text`. `is_recallable`: other conversations
    may be told of it.
    """

    id: str
    message_id: str
    conversation_id: str
    conversation_title: str
    ordinal: int
    role: str
    model: str | None
    start: int
    end: int
    text: str
    sentences: Sequence[Sequence[int]]
    said_at: datetime
    is_recallable: bool


class RecallSource(Protocol):
    """Reads passages' rows; `app.py` supplies it."""

    def load(self, user_id: str, passage_ids: Sequence[str]) -> Sequence[RecalledPassage]:
        """Return the rows of `passage_ids` that belong to `user_id`, in any order."""


@dataclass(frozen=True, slots=True)
class SaidWhere:
    """Which messages are looked at: None or empty, all of the user's.

    `is_recall`: only what other conversations may be told of.
    """

    is_recall: bool = False
    conversation_ids: tuple[str, ...] | None = None
    except_conversation_ids: tuple[str, ...] = ()
    role: str | None = None
    model: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Recalled:
    """A passage that was found.

    `score` (0..1) ranks within one search. `relevance` (0..1, one for each sentence) may be
    compared between searches; `keyword_score` is BM25, `cosine` None until it is embedded.
    """

    passage: RecalledPassage
    score: float
    keyword_score: float
    cosine: float | None
    relevance: tuple[float, ...]


_Ranked = tuple[float, int, RecalledPassage]  # score, number among the candidates, row


class MemorySearcher:
    """Finds what a user and the models said. Safe to call from several threads."""

    def __init__(
        self,
        index: SearchIndex,
        embedder: Embedder,
        source: RecallSource,
        config: Config,
    ) -> None:
        self._finder = CandidateFinder(index, embedder, config.rag_candidates)
        self._source = source
        self._dense_weight = config.memory_dense_weight
        self._answer_weight = config.memory_answer_weight
        self._recency_weight = config.memory_recency_weight
        self._talk_weight = config.memory_talk_weight
        self._exact_weight = config.rag_exact_weight
        self._scorer = SentenceScorer(KeywordEncoder())

    def search(
        self,
        *,
        user_id: str,
        query: str,
        where: SaidWhere,
        limit: int,
        now: datetime | None = None,
    ) -> list[Recalled]:
        """Return the messages that fit `query` best, each by its best passage, best first.

        With `now`, recent ones are preferred a little. For recall so is what the user said to
        what models answered, and what was said in the same talk as the best. A query without
        any letter or digit finds nothing.

        Raises:
            Unavailable: the index cannot be reached.
        """
        if not limit or not any(map(str.isalnum, query)):
            return []
        found, _vector = self._finder.find(query, _filter(user_id, where))
        if not found.ids:
            return []
        scores = self._fuse(found)
        order = np.argsort(-scores, kind="stable")[: _SPARE * max(limit, 10)]
        rows = {row.id: row for row in self._source.load(user_id, [found.ids[n] for n in order])}
        ranked = []
        exact = ExactTerms(query)
        for n in map(int, order):
            row = rows.get(found.ids[n])
            if row is not None and _is_in(row, where):
                ranked.append((self._adjusted(float(scores[n]), row, exact, now), n, row))
        if where.is_recall:
            ranked = self._weighed_by_source(ranked)
        ranked.sort(key=lambda item: -item[0])
        return self._results(query, _one_a_message(ranked)[:limit], found)

    def _fuse(self, found: Candidates) -> FloatVector:
        keyword = normalise(found.keyword, 0.0) if found.keyword.any() else found.keyword
        floor = 0.0 if np.isnan(found.cosine).all() else float(np.nanmin(found.cosine))
        dense = normalise(found.cosine, floor)
        return fuse(keyword, dense, dense, dense_weight=self._dense_weight, sentence_weight=0.0)

    def _adjusted(
        self, score: float, row: RecalledPassage, exact: ExactTerms, now: datetime | None
    ) -> float:
        """Prefer what holds the query's numbers and quoted phrases, and what is recent."""
        bonus = self._exact_weight * exact.strength
        score = (score + bonus * exact.share(row.text)) / (1.0 + bonus)
        if now is None:
            return score
        age_days = max((now - row.said_at).total_seconds() / _DAY_S, 0.0)
        return score * (1.0 - self._recency_weight * age_days / (age_days + _HALF_LIFE_DAYS))

    def _weighed_by_source(self, ranked: Sequence[_Ranked]) -> list[_Ranked]:
        """Weigh by who said it, and in which talk: the same conversation on the same day."""
        own = [
            (score * self._answer_weight if row.role == "assistant" else score, n, row)
            for score, n, row in ranked
        ]
        best: dict[tuple[str, date], float] = {}
        for score, _n, row in own:
            best[_talk(row)] = max(best.get(_talk(row), 0.0), score)
        talk = self._talk_weight
        return [((score + talk * best[_talk(row)]) / (1.0 + talk), n, row) for score, n, row in own]

    def _results(self, query: str, ranked: Sequence[_Ranked], found: Candidates) -> list[Recalled]:
        cosines = [found.cosine[n] for _score, n, _row in ranked]
        relevance = self._scorer.score(
            query,
            [
                PassageSentences(
                    [row.text[start:end] for start, end in row.sentences],
                    None if np.isnan(cosine) else np.full(len(row.sentences), cosine, np.float32),
                )
                for (_score, _n, row), cosine in zip(ranked, cosines, strict=True)
            ],
        )
        return [
            Recalled(
                passage=row,
                score=score,
                keyword_score=float(found.keyword[n]),
                cosine=None if np.isnan(cosine) else float(cosine),
                relevance=own,
            )
            for (score, n, row), cosine, own in zip(ranked, cosines, relevance, strict=True)
        ]


def _filter(user_id: str, where: SaidWhere) -> SearchFilter:
    labels = [RECALLABLE] if where.is_recall else []
    if where.role is not None:
        labels.append(role_label(where.role))
    if where.model is not None:
        labels.append(model_label(where.model))
    return SearchFilter(
        user_id,
        document_ids=where.conversation_ids,
        except_document_ids=where.except_conversation_ids,
        labels=tuple(labels),
        since=None if where.since is None else int(where.since.timestamp()),
        until=None if where.until is None else int(where.until.timestamp()),
    )


def _is_in(row: RecalledPassage, where: SaidWhere) -> bool:
    """Tell whether the row, which is the truth, is what the index was asked for."""
    return (
        (row.is_recallable or not where.is_recall)
        and row.conversation_id not in where.except_conversation_ids
        and (where.conversation_ids is None or row.conversation_id in where.conversation_ids)
    )


def _talk(row: RecalledPassage) -> tuple[str, date]:
    return row.conversation_id, row.said_at.date()


def _one_a_message(ranked: Sequence[_Ranked]) -> list[_Ranked]:
    """Keep the best passage of each message, and of the same words said twice the latest."""
    latest: dict[str, datetime] = {}
    for _score, _n, row in ranked:
        words = _words(row)
        latest[words] = max(latest.get(words, row.said_at), row.said_at)
    seen: set[str] = set()
    kept = []
    for item in ranked:
        row = item[2]
        if row.message_id in seen or latest[_words(row)] != row.said_at:
            continue
        seen.add(row.message_id)
        kept.append(item)
    return kept


def _words(row: RecalledPassage) -> str:
    return " ".join(row.text.casefold().split())
