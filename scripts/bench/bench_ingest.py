"""How long a report takes from its upload until it can be searched and until it is ready.

Runs a real worker process and a real indexer beside this one, and compares the time until
ready with what the embedding model alone needs for the same sentences.

    .venv/bin/python scripts/bench/bench_ingest.py [report.pdf]
"""

import argparse
import io
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from backend.clock import utc_now
from backend.config import Config, load_config
from backend.db.locks import lock_file
from backend.db.migrate import upgrade
from backend.db.repositories import chunks, documents, index_tasks, users
from backend.db.repositories.chunks import NewChunk
from backend.db.repositories.documents import DocumentRecord
from backend.db.session import Database, create_database
from backend.files import FileStore
from backend.index_rows import IndexRows
from backend.ingest.chunking import Chunker
from backend.ingest.extract.detect import detect_media_type
from backend.ingest.extract.registry import extractor_for
from backend.ingest.supervisor import WorkerSupervisor
from backend.store.embeddings import create_embedder
from backend.store.indexer import Indexer
from backend.store.registry import open_index

PAGES = 100
LINES_PER_PAGE = 44
WORDS = (
    "the of and to in a is that for it as was with be by on not he his but at are this have from "
    "or had an they which one you were all her she there would their we him been has when who will "
    "no report harbour lamp tower keeper budget season vessel signal winter engine survey council"
)


def make_report(pages: int, changed_page: int | None = None) -> bytes:
    """Return a PDF of made-up sentences, as dense as an ordinary report.

    `changed_page` (from 0) says something else at its top than in the other version.
    """
    sys.path.insert(0, str(Path(__file__).parents[2] / "backend" / "tests"))
    from pdf_maker import make_pdf

    chance, words = random.Random(0), WORDS.split()

    def line() -> str:
        numbered = [f"{word} {chance.randint(0, 99)}" for word in chance.choices(words, k=3)]
        return " ".join(chance.choices(words, k=9) + numbered) + chance.choice(["", "", ". So"])

    texts = ["\n".join(line() for _ in range(LINES_PER_PAGE)) for _ in range(pages)]
    if changed_page is not None:
        texts[changed_page] = "This was added later.\n" + texts[changed_page]
    return make_pdf(texts)


def passages_of(path: Path, config: Config) -> tuple[int, list[NewChunk]]:
    """Return the number of pages and the passages."""
    media_type = detect_media_type(path, path.name)
    extraction = extractor_for(media_type).open(path, media_type)
    chunker = Chunker(config.chunk_max_characters, config.chunk_overlap_characters)
    passages = [passage for page in extraction.pages() for passage in chunker.add(page)]
    passages += chunker.finish()
    extraction.close()
    return extraction.page_count, passages


def sentences_of(passages: Iterable[NewChunk]) -> list[str]:
    """Return the distinct sentences."""
    return sorted(
        {
            " ".join(passage.text[start:end].split())
            for passage in passages
            for start, end in passage.sentences
        }
    )


def upload(database: Database, files: FileStore, user_id: str, content: bytes) -> DocumentRecord:
    received = files.receive(io.BytesIO(content), len(content))
    with database.db_transaction() as session:
        lock_file(session, received.sha256)
        document, _ = documents.create(
            session,
            user_id,
            filename="report.pdf",
            media_type=detect_media_type(received.path, "report.pdf"),
            size_bytes=received.size_bytes,
            sha256=received.sha256,
        )
        files.store(received)
    return document


def seconds_until(condition: Callable[[], bool], began: float) -> float:
    while not condition():
        time.sleep(0.05)  # more often would slow down what is measured
    return time.perf_counter() - began


def peak_memory_mb(pid: int | None) -> float:
    """Return the most memory that the process ever had resident (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6


def share(part_s: float, whole_s: float) -> str:
    """Return how much of the embedder's own rate was reached."""
    return f"{100 * part_s / whole_s:.0f} %"


def run(folder: Path, content: bytes, changed: bytes | None, *, only_text: bool) -> None:
    config = load_config(data_dir=folder)
    database = create_database(config)
    upgrade(database)
    files = FileStore(config.files_dir)
    with database.db_transaction() as session:
        user_id = users.add(
            session,
            username="bench",
            username_key="bench",
            password_hash="",
            role="user",
            created_at=utc_now(),
        ).id

    embedder = create_embedder(config, config.embedding_threads)
    report = folder / "report"
    report.write_bytes(content)
    began = time.perf_counter()
    page_count, passages = passages_of(report, config)
    extraction_s = time.perf_counter() - began
    sentences = sentences_of(passages)
    began = time.perf_counter()
    embedder.embed(sentences[:1] if only_text else sentences)
    embedding_s = time.perf_counter() - began

    index = open_index(config, embedder.name, embedder.dimension)
    indexer = Indexer(index, IndexRows(database, files, embedder.name), config.index_poll_ms)
    supervisor = WorkerSupervisor(config)
    supervisor.start()
    indexer.start()

    def current(document: DocumentRecord) -> DocumentRecord:
        with database.db_session() as session:
            return documents.get(session, user_id, document.id)

    def is_all_text_indexed() -> bool:
        with database.db_session() as session:
            is_extracted = documents.get(session, user_id, document.id).chunk_count is not None
            return is_extracted and index_tasks.count(session) == 0

    # The first document pays for loading the model; the report shall not.
    document = upload(database, files, user_id, b"A first document, to load the model.")
    began = time.perf_counter()
    first_s = seconds_until(lambda: current(document).status == "ready", began)

    document = upload(database, files, user_id, content)
    began = time.perf_counter()
    searchable_s = seconds_until(lambda: current(document).searchable, began)
    all_text_s = seconds_until(is_all_text_indexed, began)
    text_mb = peak_memory_mb(supervisor.worker_pid)
    if only_text:
        with database.db_transaction() as session:
            documents.cancel(session, user_id, document.id)
    ready_s = seconds_until(lambda: current(document).status not in documents.ACTIVE, began)
    with database.db_session() as session:
        chunk_count = chunks.count(session, document.id, embedded_by=embedder.name)
    peak_mb = peak_memory_mb(supervisor.worker_pid)
    changed_s = None
    if changed is not None and not only_text:
        second = upload(database, files, user_id, changed)
        began = time.perf_counter()
        changed_s = seconds_until(lambda: current(second).status not in documents.ACTIVE, began)
    supervisor.stop()
    indexer.stop()
    index.close()
    embedder.close()
    status = current(document).status
    database.close()

    rows = [
        (f"{page_count} pages, {chunk_count} passages, {len(sentences)} distinct sentences", "s"),
        ("---", "---"),
        ("a first small document ready (worker starts, model loads)", f"{first_s:.2f}"),
        ("reading and cutting alone", f"{extraction_s:.2f}"),
        ("embedding alone (threads as configured)", f"{embedding_s:.2f}"),
        ("first passages searchable", f"{searchable_s:.2f}"),
        ("all passages searchable by keyword", f"{all_text_s:.2f}"),
        (status, f"{ready_s:.2f}"),
        ("the worker's peak memory when all text was read, MB", f"{text_mb:.0f}"),
        ("the worker's peak memory at the end, MB", f"{peak_mb:.0f}"),
        ("embedding alone / from searchable until ready", share(embedding_s, ready_s - all_text_s)),
        ("embedding alone / from upload until ready", share(embedding_s, ready_s)),
    ]
    if changed_s is not None:
        rows.append(("a version with one added line, ready", f"{changed_s:.2f}"))
    sys.stdout.writelines(f"| {' | '.join(row)} |\n" for row in rows)
    sys.stdout.write(f"\nEmbedding alone: {len(sentences) / embedding_s:.0f} sentences/s.\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("report", type=Path, nargs="?", help="default: made-up text")
    parser.add_argument("--pages", type=int, default=PAGES, help="of made-up text, %(default)s")
    parser.add_argument("--only-text", action="store_true", help="stop before the embedding")
    options = parser.parse_args()
    content = options.report.read_bytes() if options.report else make_report(options.pages)
    changed = None if options.report else make_report(options.pages, options.pages // 2)
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder), content, changed, only_text=options.only_text)


if __name__ == "__main__":
    main()
