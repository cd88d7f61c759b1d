"""Question sets on disk, and a library of their documents that is built once and kept.

A set is a folder with `corpus.jsonl` (id, title, text), `queries.jsonl` (id, text, answer)
and `qrels.tsv` (header; query-id, corpus-id, score), as BEIR lays them out. Each document
goes through the product's own chunking, embedding and index.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import select

from backend.clock import utc_now
from backend.config import Config, load_config
from backend.db.migrate import upgrade
from backend.db.models import Document, User
from backend.db.repositories import chunks, documents, index_tasks, users
from backend.db.repositories.chunks import ChunkToEmbed, NewChunk, chunk_id
from backend.db.session import Database, create_database
from backend.files import FileStore
from backend.index_rows import IndexRows, PassageRows
from backend.ingest.chunking import Chunker
from backend.ingest.embedding import PassageEmbedder
from backend.ingest.extract.base import ExtractedPage
from backend.ingest.extract.text import split_pages
from backend.store.embeddings import Embedder, create_embedder
from backend.store.indexer import Indexer
from backend.store.registry import open_index
from backend.store.search import Searcher

DOCUMENTS_PER_COMMIT = 100


@dataclass(frozen=True, slots=True)
class Question:
    """`gold` holds the ids of the corpus' documents that answer it."""

    id: str
    text: str
    answer: str
    gold: frozenset[str]


@dataclass(frozen=True, slots=True)
class QuestionSet:
    documents: dict[str, tuple[str, str]]  # id: title, text
    questions: list[Question]


@dataclass(frozen=True, slots=True)
class Library:
    """An opened set. `document_ids` maps the corpus' ids to the database's."""

    config: Config
    user_id: str
    document_ids: dict[str, str]
    searcher: Searcher
    embedder: Embedder


def load_question_set(folder: Path) -> QuestionSet:
    gold: defaultdict[str, set[str]] = defaultdict(set)
    for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query_id, corpus_id, score = line.split("\t")
        if float(score) > 0:
            gold[query_id].add(corpus_id)
    return QuestionSet(
        {
            row["id"]: (row.get("title") or row["id"], row["text"])
            for row in _read(folder / "corpus.jsonl")
        },
        [
            Question(
                row["id"],
                row["text"],
                row.get("answer") or "",
                frozenset(gold[row["id"]]),
            )
            for row in _read(folder / "queries.jsonl")
        ],
    )


@contextmanager
def open_library(question_set: QuestionSet, cache: Path) -> Iterator[Library]:
    """Add what the library in the folder `cache` lacks of the set, then open it."""
    cache.mkdir(parents=True, exist_ok=True)
    config = load_config(data_dir=cache)
    database = create_database(config)
    upgrade(database)
    embedder = create_embedder(config, config.embedding_threads)
    index = open_index(config, embedder.name, embedder.dimension)
    rows = IndexRows(database, FileStore(config.files_dir), embedder.name)
    try:
        user_id = _user_id(database)
        _add_missing(database, user_id, question_set, config, embedder)
        Indexer(index, rows, config.index_poll_ms).drain()
        searcher = Searcher(index, embedder, PassageRows(database, embedder.name), config)
        known = _known_documents(database)
        document_ids = {
            id_: known[_digest(id_, text)]
            for id_, (_, text) in question_set.documents.items()
            if text.strip()
        }
        yield Library(config, user_id, document_ids, searcher, embedder)
    finally:
        rows.close()
        index.close()
        embedder.close()
        database.close()


def passages_of(text: str, config: Config) -> list[NewChunk]:
    """Return the passages that ingest makes of a text file."""
    chunker = Chunker(config.chunk_max_characters, config.chunk_overlap_characters)
    passages = []
    for number, page in enumerate(split_pages(text), start=1):
        passages += chunker.add(ExtractedPage(number, page))
    return [*passages, *chunker.finish()]


def _read(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _digest(id_: str, text: str) -> str:
    return hashlib.sha256(f"{id_}\n{text}".encode()).hexdigest()


def _user_id(database: Database) -> str:
    with database.db_transaction() as session:
        user = session.scalars(select(User)).first()
        if user is not None:
            return user.id
        return users.add(
            session,
            username="bench",
            username_key="bench",
            password_hash="",
            role="user",
            created_at=utc_now(),
        ).id


def _known_documents(database: Database) -> dict[str, str]:
    with database.db_session() as session:
        rows = session.execute(select(Document.sha256, Document.id)).all()
    return dict(row.tuple() for row in rows)


def _add_missing(
    database: Database,
    user_id: str,
    question_set: QuestionSet,
    config: Config,
    embedder: Embedder,
) -> None:
    known = _known_documents(database)
    missing = [
        (_digest(id_, text), f"{title.replace('/', ' ')}.txt", len(text.encode()), text)
        for id_, (title, text) in question_set.documents.items()
        if _digest(id_, text) not in known and text.strip()
    ]
    for first in range(0, len(missing), DOCUMENTS_PER_COMMIT):
        batch = [
            (sha256, filename, size_bytes, passages_of(text, config))
            for sha256, filename, size_bytes, text in missing[first : first + DOCUMENTS_PER_COMMIT]
        ]
        _add(database, user_id, batch, embedder)


def _add(
    database: Database,
    user_id: str,
    batch: Sequence[tuple[str, str, int, Sequence[NewChunk]]],
    embedder: Embedder,
) -> None:
    """Add documents, each as digest, file name, size and passages, with their vectors."""
    vectors = [
        PassageEmbedder(embedder, filename).embed(
            [
                ChunkToEmbed(str(p.ordinal), p.ordinal, p.text, None, p.heading, p.sentences)
                for p in passages
            ],
            lambda: None,
        )
        for _, filename, _, passages in batch
    ]
    with database.db_transaction() as session:
        for (sha256, filename, size_bytes, passages), embedded in zip(batch, vectors, strict=True):
            document, _ = documents.create(
                session,
                user_id,
                filename=filename,
                media_type="text/plain",
                size_bytes=size_bytes,
                sha256=sha256,
            )
            chunks.insert_many(session, user_id, document.id, passages)
            chunks.save_vectors(
                session,
                embedder.name,
                [replace(row, id=chunk_id(document.id, int(row.id))) for row in embedded],
            )
            index_tasks.add_upsert(session, user_id, document.id, 0, len(passages) - 1)
