"""Passages: their text, the places of their sentences, and their vectors.

Vectors are stored as packed by `store.vectors`; here they are bytes.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import and_, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from backend.db.models import Chunk, Document

Span = Sequence[int]

# How far around a known passage others are taken to be of use, and how much is looked at.
_NEIGHBOURS = 32
_MAX_NEIGHBOURS = 256
_MAX_PLACES = 2_000


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
    """A passage without vectors of the present model."""

    id: str
    ordinal: int
    text: str
    text_sha256: str | None
    heading: str
    sentences: Sequence[Span]


@dataclass(frozen=True, slots=True)
class KnownPassage:
    """A passage with the vectors, packed, that a model gave its sentences."""

    text: str
    sentences: Sequence[Span]
    sentence_vectors: bytes


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
                    "text_sha256": hashlib.sha256(chunk.text.encode()).hexdigest(),
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


def count(session: Session, document_id: str, *, embedded_by: str | None = None) -> int:
    """Return how many passages a document has, or how many have vectors of this model."""
    query = select(func.count()).select_from(Chunk).where(Chunk.document_id == document_id)
    if embedded_by is not None:
        query = query.where(Chunk.embedding_model == embedded_by)
    return session.execute(query).scalar_one()


def load_unembedded(
    session: Session, document_id: str, model: str, first_ordinal: int, limit: int
) -> list[ChunkToEmbed]:
    """Return the first passages from `first_ordinal` on that lack vectors of `model`."""
    rows = session.execute(
        select(
            Chunk.id,
            Chunk.ordinal,
            Chunk.text,
            Chunk.text_sha256,
            Chunk.heading,
            Chunk.sentences,
        )
        .where(
            Chunk.document_id == document_id,
            Chunk.ordinal >= first_ordinal,
            or_(Chunk.embedding_model.is_(None), Chunk.embedding_model != model),
        )
        .order_by(Chunk.ordinal)
        .limit(limit)
    )
    return [ChunkToEmbed(*row) for row in rows]


def load_known(
    session: Session, user_id: str, model: str, text_sha256s: Collection[str]
) -> list[KnownPassage]:
    """Return what `model` made of the same texts in other documents of this user.

    And of what stands around them in the document that has most of them: that is likely an
    earlier version, whose sentences recur in passages cut at other places.
    """
    places = session.execute(
        select(Chunk.text_sha256, Chunk.id, Chunk.document_id, Chunk.ordinal)
        .where(
            Chunk.text_sha256.in_(text_sha256s),
            Chunk.user_id == user_id,
            Chunk.embedding_model == model,
        )
        .limit(_MAX_PLACES)
    ).all()
    if not places:
        return []
    document_id, _ = Counter(place.document_id for place in places).most_common(1)[0]
    ordinals = [place.ordinal for place in places if place.document_id == document_id]
    first = min(ordinals) - _NEIGHBOURS
    last = min(max(ordinals) + _NEIGHBOURS, first + _MAX_NEIGHBOURS)
    same = {place.text_sha256: place.id for place in places}
    rows = session.execute(
        select(Chunk.text, Chunk.sentences, Chunk.sentence_vectors).where(
            or_(
                Chunk.id.in_(same.values()),
                and_(Chunk.document_id == document_id, Chunk.ordinal.between(first, last)),
            ),
            Chunk.embedding_model == model,
        )
    )
    return [KnownPassage(*row) for row in rows if row.sentence_vectors]


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
