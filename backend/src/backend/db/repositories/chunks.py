"""Passages: their text, the places of their sentences, and their vectors.

Vectors are stored as packed by `store.vectors`; here they are bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Session

from backend.db.models import Chunk, Document

Span = Sequence[int]


@dataclass(frozen=True, slots=True)
class NewChunk:
    """A passage to be stored: `text` is the document's text from `start` to `end`."""

    ordinal: int
    text: str
    heading: str
    start: int
    end: int
    page_spans: Sequence[Span]
    sentences: Sequence[Span]


@dataclass(frozen=True, slots=True)
class ChunkToEmbed:
    """A passage without vectors."""

    id: str
    ordinal: int
    text: str
    heading: str
    sentences: Sequence[Span]


@dataclass(frozen=True, slots=True)
class EmbeddedChunk:
    """The vectors of a passage, packed."""

    id: str
    vector: bytes
    sentence_vectors: bytes


@dataclass(frozen=True, slots=True)
class ChunkPoint:
    """What the search index takes of a passage. `filename` is its document's."""

    id: str
    user_id: str
    filename: str
    heading: str
    text: str
    embedding_model: str | None
    vector: bytes | None


@dataclass(frozen=True, slots=True)
class VectorsRecord:
    """A passage's vectors and the model that made them."""

    id: str
    embedding_model: str | None
    vector: bytes | None
    sentence_vectors: bytes | None


@dataclass(frozen=True, slots=True)
class EvidenceRecord:
    """A passage with all that quotes and citations need."""

    id: str
    document_id: str
    filename: str
    ordinal: int
    heading: str
    start: int
    end: int
    text: str
    page_spans: Sequence[Span]
    sentences: Sequence[Span]
    sentence_vectors: bytes | None


def chunk_id(document_id: str, ordinal: int) -> str:
    """Return the id of a passage: reading a document again gives the same ids."""
    return str(uuid5(NAMESPACE_URL, f"docchat:{document_id}/{ordinal}"))


def insert_many(
    session: Session, user_id: str, document_id: str, chunks: Sequence[NewChunk]
) -> None:
    """Store passages of a document, without vectors."""
    if chunks:
        session.execute(
            insert(Chunk),
            [
                {
                    "id": chunk_id(document_id, chunk.ordinal),
                    "document_id": document_id,
                    "user_id": user_id,
                    "ordinal": chunk.ordinal,
                    "text": chunk.text,
                    "heading": chunk.heading,
                    "start": chunk.start,
                    "end": chunk.end,
                    "page_spans": chunk.page_spans,
                    "sentences": chunk.sentences,
                }
                for chunk in chunks
            ],
        )


def delete_all(session: Session, document_id: str) -> int:
    """Remove all passages of a document; return how many there were."""
    there = count(session, document_id)
    session.execute(delete(Chunk).where(Chunk.document_id == document_id))
    return there


def count(session: Session, document_id: str, *, embedded: bool = False) -> int:
    """Return how many passages a document has, or how many of them have vectors."""
    query = select(func.count()).select_from(Chunk).where(Chunk.document_id == document_id)
    if embedded:
        query = query.where(Chunk.embedding_model.is_not(None))
    return session.execute(query).scalar_one()


def load_unembedded(
    session: Session, document_id: str, first_ordinal: int, limit: int
) -> list[ChunkToEmbed]:
    """Return the first passages from `first_ordinal` on that lack vectors."""
    rows = session.execute(
        select(Chunk.id, Chunk.ordinal, Chunk.text, Chunk.heading, Chunk.sentences)
        .where(
            Chunk.document_id == document_id,
            Chunk.ordinal >= first_ordinal,
            Chunk.embedding_model.is_(None),
        )
        .order_by(Chunk.ordinal)
        .limit(limit)
    )
    return [ChunkToEmbed(*row) for row in rows]


def save_vectors(session: Session, model: str, chunks: Sequence[EmbeddedChunk]) -> None:
    """Store the vectors of passages and the name of the model that made them."""
    table = Chunk.__table__
    session.connection().execute(
        update(Chunk)
        .where(table.c.id == bindparam("chunk"))
        .values(
            embedding_model=model,
            vector=bindparam("packed"),
            sentence_vectors=bindparam("packed_sentences"),
        ),
        [
            {"chunk": chunk.id, "packed": chunk.vector, "packed_sentences": chunk.sentence_vectors}
            for chunk in chunks
        ],
    )


def load_points(
    session: Session, document_id: str, first_ordinal: int, last_ordinal: int
) -> list[ChunkPoint]:
    """Return passages of a live document by their ordinals, both ends included."""
    rows = session.execute(
        select(
            Chunk.id,
            Chunk.user_id,
            Document.filename,
            Chunk.heading,
            Chunk.text,
            Chunk.embedding_model,
            Chunk.vector,
        )
        .join(Document, Document.id == Chunk.document_id)
        .where(
            Chunk.document_id == document_id,
            Chunk.ordinal.between(first_ordinal, last_ordinal),
            Document.deleted_at.is_(None),
        )
        .order_by(Chunk.ordinal)
    )
    return [ChunkPoint(*row) for row in rows]


def load_vectors(session: Session, user_id: str, chunk_ids: Sequence[str]) -> list[VectorsRecord]:
    """Return those of `chunk_ids` that belong to live documents of this user, in any order."""
    rows = session.execute(
        select(Chunk.id, Chunk.embedding_model, Chunk.vector, Chunk.sentence_vectors)
        .join(Document, Document.id == Chunk.document_id)
        .where(Chunk.id.in_(chunk_ids), Chunk.user_id == user_id, Document.deleted_at.is_(None))
    )
    return [VectorsRecord(*row) for row in rows]


def load_evidence(session: Session, user_id: str, chunk_ids: Sequence[str]) -> list[EvidenceRecord]:
    """Return those of `chunk_ids` that belong to live documents of this user, in any order."""
    rows = session.execute(
        select(
            Chunk.id,
            Chunk.document_id,
            Document.filename,
            Chunk.ordinal,
            Chunk.heading,
            Chunk.start,
            Chunk.end,
            Chunk.text,
            Chunk.page_spans,
            Chunk.sentences,
            Chunk.sentence_vectors,
        )
        .join(Document, Document.id == Chunk.document_id)
        .where(
            Chunk.id.in_(chunk_ids),
            Chunk.user_id == user_id,
            Document.deleted_at.is_(None),
        )
    )
    return [EvidenceRecord(*row) for row in rows]
