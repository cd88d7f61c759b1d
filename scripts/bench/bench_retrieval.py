"""How long a search takes, from the question to the passages with their rows.

Fills a SQLite database and an embedded index with synthetic passages, then asks questions
one after the other, beside a writer that keeps replacing points, and four at a time. The passages'
vectors are random (embedding 50,000 would take an hour); the questions are embedded for real.

    .venv/bin/python scripts/bench/bench_retrieval.py
"""

import argparse
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import resources
from itertools import accumulate
from pathlib import Path

import numpy as np

from backend.clock import utc_now
from backend.config import load_config
from backend.db.migrate import upgrade
from backend.db.repositories import chunks, documents, index_tasks, users
from backend.db.repositories.chunks import EmbeddedChunk, NewChunk, chunk_id
from backend.db.session import Database, create_database
from backend.files import FileStore
from backend.index_rows import IndexRows, PassageRows
from backend.store.base import SearchFilter, SearchIndex
from backend.store.embeddings import Embedder, create_embedder
from backend.store.indexer import Indexer
from backend.store.registry import open_index
from backend.store.search import Searcher
from backend.store.vectors import pack_sentence_vectors, pack_vector, unit

USERNAME = "bench"
CHUNKS_PER_DOCUMENT = 250
SENTENCES_PER_CHUNK = 12
CLIENTS = 4
LOOKED_AT = 32  # as a search does


class Writing:
    """Text of English words whose frequencies follow Zipf's law, as in natural language."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        vocabulary = resources.files("backend.store") / "vocab" / "bert-base-uncased.txt"
        pieces = vocabulary.read_text(encoding="utf-8").split()
        self._words = [piece for piece in pieces if piece.isascii() and piece.isalpha()]
        chance.shuffle(self._words)
        self._weights = list(accumulate(1 / rank for rank in range(1, len(self._words) + 1)))

    def words(self, count: int) -> list[str]:
        return self._chance.choices(self._words, cum_weights=self._weights, k=count)

    def sentence(self) -> str:
        return " ".join(self.words(self._chance.randint(10, 26))).capitalize() + "."


def make_chunk(writing: Writing, ordinal: int, start: int) -> NewChunk:
    text, places = "", []
    for sentence in (writing.sentence() for _ in range(SENTENCES_PER_CHUNK)):
        begin = len(text) + 1 if text else 0
        text = f"{text} {sentence}" if text else sentence
        places.append([begin, len(text)])
    end = start + len(text)
    spans = [[ordinal // 3 + 1, start, end]]
    return NewChunk(ordinal, text, "", start, end, spans, places)


def fill(database: Database, user_id: str, count: int, model: str, dimension: int) -> None:
    writing = Writing(random.Random(0))
    numbers = np.random.default_rng(0)
    for first in range(0, count, CHUNKS_PER_DOCUMENT):
        new, start = [], 0
        for ordinal in range(min(CHUNKS_PER_DOCUMENT, count - first)):
            new.append(make_chunk(writing, ordinal, start))
            start = new[-1].end + 1
        shape = (len(new), SENTENCES_PER_CHUNK, dimension)
        sentence_vectors = unit(numbers.standard_normal(shape, dtype=np.float32))
        vectors = unit(sentence_vectors.sum(axis=1))
        with database.db_transaction() as session:
            document, _ = documents.create(
                session,
                user_id,
                filename=f"report {first}.txt",
                media_type="text/plain",
                size_bytes=start,
                sha256=f"{first:064x}",
            )
            chunks.insert_many(session, user_id, document.id, new)
            embedded = [
                EmbeddedChunk(
                    chunk_id(document.id, ordinal),
                    pack_vector(vectors[ordinal]),
                    pack_sentence_vectors(sentence_vectors[ordinal]),
                )
                for ordinal in range(len(new))
            ]
            chunks.save_vectors(session, model, embedded)
            index_tasks.add_upsert(session, user_id, document.id, 0, len(new) - 1)


def measure(
    questions: list[str], ask: Callable[[str], object], clients: int = 1
) -> tuple[float, float, float]:
    """Return the median, the 99th percentile and the maximum in milliseconds."""

    def timed(question: str) -> float:
        began = time.perf_counter()
        ask(question)
        return (time.perf_counter() - began) * 1_000

    with ThreadPoolExecutor(clients) as threads:
        milliseconds = list(threads.map(timed, questions))
    quantiles = statistics.quantiles(milliseconds, n=100)
    return quantiles[49], quantiles[98], max(milliseconds)


@contextmanager
def writer(rows: IndexRows, index: SearchIndex, document_id: str) -> Iterator[None]:
    """Replace a document's points in the index as ingest does, 32 every 100 ms, meanwhile."""
    done = threading.Event()

    def write() -> None:
        while not done.wait(0.1):
            index.upsert(rows.load_points(document_id, 0, 31))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def print_row(*cells: str) -> None:
    sys.stdout.write(f"| {' | '.join(cells)} |\n")
    sys.stdout.flush()


def find_or_add_user(database: Database) -> tuple[str, bool]:
    """Return the user of the bench, and whether it is a new one."""
    with database.db_transaction() as session:
        found = users.find(session, USERNAME)
        if found:
            return found.id, False
        user = users.add(
            session,
            username=USERNAME,
            username_key=USERNAME,
            password_hash="",
            role="user",
            created_at=utc_now(),
        )
        return user.id, True


def run(folder: Path, passages: int, question_count: int) -> None:
    config = load_config(data_dir=folder)
    folder.mkdir(parents=True, exist_ok=True)
    database = create_database(config)
    upgrade(database)
    embedder: Embedder = create_embedder(config, threads=2)
    index = open_index(config, embedder.name, embedder.dimension)
    rows = IndexRows(database, FileStore(config.files_dir), embedder.name)
    indexer = Indexer(index, rows, config.index_poll_ms)
    user_id, is_new = find_or_add_user(database)
    if is_new:
        fill(database, user_id, passages, embedder.name, embedder.dimension)
    began = time.perf_counter()
    indexer.drain()
    indexing_s = time.perf_counter() - began

    passage_rows = PassageRows(database, embedder.name)
    searcher = Searcher(index, embedder, passage_rows, config)
    writing = Writing(random.Random(1))
    questions = [" ".join(writing.words(9)) for _ in range(question_count)]
    where = SearchFilter(user_id)
    vector = embedder.embed(["a question"])[0]
    limit = config.rag_candidates
    found = {
        question: [hit.id for hit in index.search_keywords(question, where, LOOKED_AT)]
        for question in questions
    }
    with database.db_session() as session:
        document_id = documents.list_page(session, user_id, 1)[0][0].id

    def search(question: str) -> object:
        return searcher.search(user_id=user_id, query=question)

    measure(questions[:20], search)
    print_row(f"{index.count():,} passages of one user", "p50 ms", "p99 ms", "max ms")
    print_row("---", "---", "---", "---")
    # The rows of the first come from the disk where the system has not read them lately.
    steps: dict[str, Callable[[str], object]] = {
        "search, each question for the first time": search,
        "search, everything": search,
        "- embedding the question": lambda question: embedder.embed([question]),
        f"- {limit} keyword hits": lambda question: index.search_keywords(question, where, limit),
        f"- {limit} dense hits": lambda _: index.search_dense(vector, where, limit),
        f"- loading {LOOKED_AT} passages": lambda question: passage_rows.load_evidence(
            user_id, found[question]
        ),
    }
    for name, step in steps.items():
        print_row(name, *(f"{value:.1f}" for value in measure(questions, step)))
    with writer(rows, index, document_id):
        beside = measure(questions, search)
    print_row("search beside a writer", *(f"{value:.1f}" for value in beside))
    together = measure(questions, search, clients=CLIENTS)
    print_row(f"search, {CLIENTS} at the same time", *(f"{value:.1f}" for value in together))
    sys.stdout.write(f"\nIndexing took {indexing_s:.1f} s.\n")
    index.close()
    embedder.close()
    database.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--passages", type=int, default=50_000, help="default: %(default)s")
    parser.add_argument("--questions", type=int, default=300, help="default: %(default)s")
    parser.add_argument("--work-dir", type=Path, help="keep the passages here for the next time")
    options = parser.parse_args()
    if options.work_dir:
        run(options.work_dir.resolve(), options.passages, options.questions)
        return
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder), options.passages, options.questions)


if __name__ == "__main__":
    main()
