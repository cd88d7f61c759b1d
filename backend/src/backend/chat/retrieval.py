"""Finds the passages that an answer may rest on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from backend.db.repositories import archives, collections, documents
from backend.db.repositories.conversations import ConversationRecord
from backend.llm.base import Passage, Sentence
from backend.store.search import ChunkEvidence, SearchResult


class Search(Protocol):
    """Finds passages; `store.search.Searcher.search`."""

    def __call__(
        self,
        *,
        user_id: str,
        query: str,
        document_ids: Sequence[str] | None = None,
        limit: int | None = None,
    ) -> Sequence[SearchResult]:
        """Return the best passages first; no or empty `document_ids`: of all documents.

        Raises:
            Unavailable: the index cannot be reached.
        """


@dataclass(frozen=True, slots=True)
class Source:
    """A found passage under the number by which the answer cites it."""

    number: int
    chunk: ChunkEvidence
    score: float
    relevance: tuple[float, ...]  # 0..1, one for each sentence of the chunk

    def to_passage(self) -> Passage:
        """Return what the provider is given of it."""
        chunk = self.chunk
        return Passage(
            number=self.number,
            filename=chunk.filename,
            start=chunk.start,
            text=chunk.text,
            score=self.score,
            sentences=tuple(
                Sentence(start, end, _page_at(chunk.page_spans, start), score)
                for (start, end), score in zip(chunk.sentences, self.relevance, strict=True)
            ),
        )


def chosen_documents(session: Session, conversation: ConversationRecord) -> tuple[str, ...] | None:
    """Return the live documents that are chosen, one way or the other; None: all are.

    An archive stands for everything in it, wherever that came from first.
    """
    user_id = conversation.user_id
    if not conversation.document_ids and not conversation.collection_ids:
        return None
    single = documents.existing_ids(session, user_id, conversation.document_ids)
    together = collections.document_ids(session, user_id, conversation.collection_ids)
    inside = archives.contents(session, single)
    return tuple(sorted(single | inside | together))


def find_sources(
    search: Search,
    user_id: str,
    question: str,
    document_ids: Sequence[str] | None,
    *,
    limit: int | None = None,
) -> list[Source]:
    """Search and number the passages from 1, the best first.

    Args:
        document_ids: where to search; None: in all documents.
        limit: how many passages; None: RAG_MAX_DOCUMENT_RESULTS.
    """
    found = search(user_id=user_id, query=question, document_ids=document_ids, limit=limit)
    return _numbered(found)


def find_everything(
    search: Search,
    user_id: str,
    question: str,
    document_ids: Sequence[str] | None,
    *,
    passages: int,
) -> list[Source] | None:
    """Return all passages in reading order, the best document first, numbered from 1.

    None if the search, asked for all `passages` there are, does not give all of them, which
    happens while documents are being taken in.
    """
    found = search(user_id=user_id, query=question, document_ids=document_ids, limit=passages)
    if len(found) < passages:
        return None
    rank = {id_: n for n, id_ in enumerate(dict.fromkeys(r.chunk.document_id for r in found))}
    return _numbered(sorted(found, key=lambda r: (rank[r.chunk.document_id], r.chunk.ordinal)))


def _numbered(found: Sequence[SearchResult]) -> list[Source]:
    return [
        Source(number, result.chunk, result.score, result.sentence_relevance)
        for number, result in enumerate(found, start=1)
    ]


def _page_at(spans: Sequence[Sequence[int]], offset: int) -> int:
    """Return the page on which a passage's text has `offset`."""
    for page, start, end in spans:
        if offset <= end - start:
            return page
        offset -= end - start + 1  # the newline that joins two spans
    return spans[-1][0]
