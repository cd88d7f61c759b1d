"""Takes a corpus in: the rows and the index that uploading each document would have left.

Documents go through the chunker, the embedding and the index of the product; only the
queues and the files are left out, and many documents share a transaction.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from backend.clock import utc_now
from backend.config import Config
from backend.db.migrate import upgrade
from backend.db.repositories import chunks, documents, ingest_jobs, pages, users
from backend.db.repositories.chunks import ChunkToEmbed, EmbeddedChunk, NewChunk, chunk_id
from backend.db.repositories.pages import NewPage
from backend.db.session import Database
from backend.embedding_models import EmbeddingModels
from backend.evaluation.dataset import Dataset, Entry
from backend.evaluation.embedding_cache import CachedEmbedder
from backend.files import FileStore
from backend.index_rows import IndexRows
from backend.ingest.chunking import Chunker
from backend.ingest.embedding import PassageEmbedder
from backend.ingest.extract.base import ExtractedPage
from backend.ingest.extract.text import split_pages
from backend.store.registry import open_index

_COMPLETE: Final = "corpus.json"
_ENTRIES_PER_TRANSACTION: Final = 256
_USER: Final = "evaluation"

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Library:
    """A corpus that was taken in: whose it is, and which entry each document is."""

    user_id: str
    entry_ids: dict[str, str]  # by document id
    passages: int


@dataclass(frozen=True, slots=True)
class _Read:
    """An entry cut into passages."""

    entry: Entry
    filename: str
    pages: list[NewPage]
    chunks: list[NewChunk]


def load(data_dir: Path) -> Library | None:
    """Return what lies in the folder since an earlier `take_in`, or None if none was completed."""
    try:
        return Library(**json.loads((data_dir / _COMPLETE).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def take_in(
    config: Config, database: Database, dataset: Dataset, cache: Path, tell: Tell
) -> Library:
    """Fill the empty data folder of `config`; `cache` is the file of vectors to use."""
    upgrade(database)
    user_id = add_user(database)
    entry_ids: dict[str, str] = {}
    passages = done = 0
    models = EmbeddingModels(config, database)
    model = models.adopt().serving
    embedder = CachedEmbedder(models.open(model), cache)
    models.note_dimension(model, embedder)
    index = open_index(config, model.name, embedder.dimension)
    rows = IndexRows(database, FileStore(config.files_dir), embedder.name)
    try:
        for part in _parts(dataset.entries):
            read = [item for item in (_read(entry, config) for entry in part) if item.chunks]
            _embed_all(embedder, read)
            ids = _commit(database, user_id, embedder, read)
            last = [item.chunks[-1].ordinal for item in read]
            index.upsert(
                [p for id_, n in zip(ids, last, strict=True) for p in rows.load_points(id_, 0, n)]
            )
            entry_ids |= dict(zip(ids, [item.entry.id for item in read], strict=True))
            passages += sum(len(item.chunks) for item in read)
            done += len(part)
            tell(f"{dataset.name}: {done:,} of {len(dataset.entries):,} documents taken in")
        index.rebuild_enqueued()
    finally:
        rows.close()
        index.close()
        embedder.close()
    library = Library(user_id, entry_ids, passages)
    description = {"user_id": user_id, "entry_ids": entry_ids, "passages": passages}
    (config.data_dir / _COMPLETE).write_text(json.dumps(description), encoding="utf-8")
    return library


def _parts(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    rest = iter(entries)
    while part := list(islice(rest, _ENTRIES_PER_TRANSACTION)):
        yield part


def _read(entry: Entry, config: Config) -> _Read:
    chunker = Chunker(config.chunk_max_characters, config.chunk_overlap_characters)
    new_pages: list[NewPage] = []
    new_chunks: list[NewChunk] = []
    start = 0
    for number, text in enumerate(split_pages(entry.text or entry.title), start=1):
        new_pages.append(NewPage(number, text, start, None, None, None))
        new_chunks += chunker.add(ExtractedPage(number, text))
        start += len(text) + 1
    new_chunks += chunker.finish()
    # Without an ending, the name's own last dot would be taken for one.
    title = " ".join(entry.title.replace("/", " ").split())
    return _Read(entry, f"{title}.txt" if title else "", new_pages, new_chunks)


def _embed_all(embedder: CachedEmbedder, read: Sequence[_Read]) -> None:
    """Embed the texts of many documents together, which is faster than one by one."""
    texts: dict[str, None] = {}
    for item in read:
        passages = PassageEmbedder(embedder, item.filename)
        texts |= dict.fromkeys(passages.texts_of(_to_embed(item)))
    embedder.embed(list(texts))


def _to_embed(item: _Read) -> list[ChunkToEmbed]:
    return [
        ChunkToEmbed(str(c.ordinal), c.ordinal, c.text, None, c.heading, c.sentences)
        for c in item.chunks
    ]


def _commit(
    database: Database, user_id: str, embedder: CachedEmbedder, read: Sequence[_Read]
) -> list[str]:
    """Store documents with their passages and vectors; return their ids."""
    embedded = [
        PassageEmbedder(embedder, item.filename).embed(_to_embed(item), lambda: None)
        for item in read
    ]
    document_ids = []
    with database.db_transaction() as session:
        for item, vectors in zip(read, embedded, strict=True):
            content = f"{item.entry.id}\n{item.entry.title}\n{item.entry.text}".encode()
            document, _ = documents.create(
                session,
                user_id,
                filename=item.filename,
                media_type="text/plain",
                size_bytes=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
            )
            ingest_jobs.end(session, document.id)
            pages.insert_many(session, document.id, item.pages)
            chunks.insert_many(session, user_id, document.id, item.chunks)
            chunks.save_vectors(
                session,
                embedder.name,
                [
                    EmbeddedChunk(chunk_id(document.id, int(v.id)), v.vector, v.sentence_vectors)
                    for v in vectors
                ],
            )
            documents.start_embedding(session, document.id, len(item.pages), len(item.chunks))
            documents.finish(session, document.id, embedder.name)
            document_ids.append(document.id)
    return document_ids


def add_user(database: Database) -> str:
    """Add the user whose corpus it is and return its id."""
    with database.db_transaction() as session:
        return users.add(
            session,
            username=_USER,
            username_key=_USER,
            password_hash="",
            role="user",
            created_at=utc_now(),
        ).id
