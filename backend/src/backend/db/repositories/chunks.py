"""Passages: their text, the places of their sentences, and their vectors.

Vectors are stored as packed by `store.vectors`; here they are bytes.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
)
from sqlalchemy.orm import Session

from backend.db.models import Chunk, Document, PassageVectors

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
    """A passage without vectors of a model."""

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
    """What the search index takes of a passage. `filename` is its document's.

    `vector` is that of the model asked for, None while it has not embedded the passage.
    """

    id: str
    user_id: str
    filename: str
    heading: str
    text: str
    vector: bytes | None


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
        query = query.where(_is_embedded(PassageVectors.embedding_model == embedded_by))
    return session.execute(query).scalar_one()


def extents(session: Session, after_document_id: str, limit: int) -> list[tuple[str, int]]:
    """Return the next documents that have passages, by id, with the last passage's ordinal."""
    rows = session.execute(
        select(Chunk.document_id, func.max(Chunk.ordinal))
        .where(Chunk.document_id > after_document_id)
        .group_by(Chunk.document_id)
        .order_by(Chunk.document_id)
        .limit(limit)
    )
    return [(document_id, last_ordinal) for document_id, last_ordinal in rows]


def load_unembedded(
    session: Session,
    document_id: str,
    model: str,
    first_ordinal: int,
    limit: int,
    *,
    of_other_models: bool = False,
) -> list[ChunkToEmbed]:
    """Return the first passages from `first_ordinal` on that lack vectors of `model`.

    `of_other_models` leaves out those that no model has embedded.
    """
    by_another = _is_embedded(PassageVectors.embedding_model != model)
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
            ~_is_embedded(PassageVectors.embedding_model == model),
            *([by_another] if of_other_models else []),
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
            _is_embedded(PassageVectors.embedding_model == model),
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
        select(Chunk.text, Chunk.sentences, PassageVectors.sentence_vectors)
        .join(PassageVectors, _vectors_of(model))
        .where(
            or_(
                Chunk.id.in_(same.values()),
                and_(Chunk.document_id == document_id, Chunk.ordinal.between(first, last)),
            )
        )
    )
    return [KnownPassage(*row) for row in rows]


def save_vectors(session: Session, model: str, chunks: Sequence[EmbeddedChunk]) -> None:
    """Store what `model` made of passages, beside what other models made of them."""
    session.execute(
        delete(PassageVectors).where(
            PassageVectors.chunk_id.in_([chunk.id for chunk in chunks]),
            PassageVectors.embedding_model == model,
        )
    )
    document_id = select(Chunk.document_id).where(Chunk.id == bindparam("chunk_id"))
    session.connection().execute(
        insert(PassageVectors).values(
            chunk_id=bindparam("chunk_id"),
            embedding_model=model,
            document_id=document_id.scalar_subquery(),
            vector=bindparam("packed"),
            sentence_vectors=bindparam("packed_sentences"),
        ),
        [
            {
                "chunk_id": chunk.id,
                "packed": chunk.vector,
                "packed_sentences": chunk.sentence_vectors,
            }
            for chunk in chunks
        ],
    )


def load_points(
    session: Session, document_id: str, first_ordinal: int, last_ordinal: int, model: str
) -> list[ChunkPoint]:
    """Return passages of a live document by their ordinals, both ends included."""
    rows = session.execute(
        select(
            Chunk.id,
            Chunk.user_id,
            Document.filename,
            Chunk.heading,
            Chunk.text,
            PassageVectors.vector,
        )
        .join(Document, Document.id == Chunk.document_id)
        .outerjoin(PassageVectors, _vectors_of(model))
        .where(
            Chunk.document_id == document_id,
            Chunk.ordinal.between(first_ordinal, last_ordinal),
            Document.deleted_at.is_(None),
        )
        .order_by(Chunk.ordinal)
    )
    return [ChunkPoint(*row) for row in rows]


def _vectors_of(model: str | BindParameter[str]) -> ColumnElement[bool]:
    """Return the condition that joins a `Chunk` with what `model` made of it."""
    return and_(PassageVectors.chunk_id == Chunk.id, PassageVectors.embedding_model == model)


# Built once: each search runs it, and building it takes as long as reading the rows.
_EVIDENCE: Final = (
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
        PassageVectors.sentence_vectors,
    )
    .join(Document, Document.id == Chunk.document_id)
    .outerjoin(PassageVectors, _vectors_of(bindparam("model")))
    .where(
        Chunk.id.in_(bindparam("chunk_ids", expanding=True)),
        Chunk.user_id == bindparam("user_id"),
        Document.deleted_at.is_(None),
    )
)


def load_evidence(
    session: Session, user_id: str, chunk_ids: Sequence[str], model: str
) -> list[EvidenceRecord]:
    """Return those of `chunk_ids` that belong to live documents of this user, in any order."""
    rows = session.connection().execute(
        _EVIDENCE, {"user_id": user_id, "chunk_ids": chunk_ids, "model": model}
    )
    return [EvidenceRecord(*row) for row in rows]


def newest_containing(
    session: Session, user_id: str, fragment: str, *, among: int, limit: int
) -> list[EvidenceRecord]:
    """Return passages of the newest live documents that contain `fragment`, whatever its case,
    without vectors.

    Only the `among` newest passages are looked through.
    """
    newest = (
        select(Chunk.id, Chunk.text)
        .join(Document, Document.id == Chunk.document_id)
        .where(Document.user_id == user_id, Document.deleted_at.is_(None))
        .order_by(Document.created_at.desc(), Document.id.desc())
        .limit(among)
        .subquery()
    )
    ids = session.scalars(
        select(newest.c.id).where(newest.c.text.icontains(fragment, autoescape=True)).limit(limit)
    ).all()
    found = load_evidence(session, user_id, ids, model="")
    return sorted(found, key=lambda record: ids.index(record.id))


def _is_embedded(by: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that a `Chunk` has vectors of a model for which `by` holds."""
    return exists().where(PassageVectors.chunk_id == Chunk.id, by)
