"""What taking documents in costs beyond reading them and embedding their sentences.

    .venv/bin/python scripts/bench/bench_overhead.py report.pdf [another.pdf …]

Reads and cuts all files, then embeds the texts that the product embeds for each (its distinct
sentences, and the name and heading of its passages), in this process with the threads that are
configured; then gives the same files to a real server whose worker has its
model loaded, and compares the time from the first upload until all are ready with the sum.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from bench_ingest import passages_of
from person import ENDED, Person

from backend.config import load_config
from backend.db.repositories.chunks import ChunkToEmbed
from backend.ingest.embedding import PassageEmbedder
from backend.store.embeddings import create_embedder

sys.path.insert(0, str(Path(__file__).parents[2] / "backend" / "tests"))

from server_process import ServerProcess

LOOK_S = 0.5


def measure_alone(paths: list[Path]) -> tuple[int, int, float, float]:
    """Return pages, texts (each once a file), and the seconds of reading and of embedding."""
    config = load_config()
    embedder = create_embedder(config, config.embedding_threads)
    embedder.embed(["The model is loaded."])
    pages, texts = 0, list[str]()
    reading_s = 0.0
    for path in paths:
        began = time.perf_counter()
        page_count, passages = passages_of(path, config)
        reading_s += time.perf_counter() - began
        pages += page_count
        chunks = [
            ChunkToEmbed(str(p.ordinal), p.ordinal, p.text, None, p.heading, p.sentences)
            for p in passages
        ]
        texts += dict.fromkeys(PassageEmbedder(embedder, path.name).texts_of(chunks))
    began = time.perf_counter()
    embedder.embed(texts)
    embedding_s = time.perf_counter() - began
    embedder.close()
    return pages, len(texts), reading_s, embedding_s


def measure_product(paths: list[Path]) -> float:
    """Return the seconds from the first upload until all are ready."""
    with tempfile.TemporaryDirectory() as folder, ServerProcess(Path(folder)) as server:
        person = Person(server.url)
        person.upload("first.txt", b"A first document, to load the model.")
        wait_until_ended(person)
        began = time.perf_counter()
        for path in paths:
            person.upload(path.name, path.read_bytes())
        wait_until_ended(person)
        whole_s = time.perf_counter() - began
        assert {document["status"] for document in person.documents()} == {"ready"}
    return whole_s


def wait_until_ended(person: Person) -> None:
    while any(document["status"] not in ENDED for document in person.documents()):
        time.sleep(LOOK_S)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", type=Path, nargs="+")
    options = parser.parse_args()
    pages, texts, reading_s, embedding_s = measure_alone(options.files)
    whole_s = measure_product(options.files)
    overhead = whole_s / (reading_s + embedding_s) - 1
    rows = [
        (f"{len(options.files)} files, {pages} pages, {texts} texts", "result"),
        ("---", "---"),
        ("reading and cutting alone", f"{reading_s:.1f} s"),
        ("embedding alone", f"{embedding_s:.1f} s"),
        ("from the first upload until all are ready", f"{whole_s:.1f} s"),
        ("overhead over the sum of both", f"{100 * overhead:.0f} %"),
    ]
    sys.stdout.writelines(f"| {' | '.join(row)} |\n" for row in rows)


if __name__ == "__main__":
    main()
