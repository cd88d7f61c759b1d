"""How much of a process's memory the embedded index takes, by its parts, and how fast it answers.

Fills an index as indexing does, each passage twice (its words first, then also its vector), in a
process of its own; asks; compacts it; asks; and opens it once more in another process. Memory is
what Linux counts as resident in `/proc/self/smaps`, less what there was before the index was
opened. What is mapped from files counts, though the system takes it back when it needs room;
vectors count twice after a search, since they are mapped twice.

    .venv/bin/python scripts/bench/bench_index_memory.py [--passages 4500 100000] [--sentences 12]
"""

import argparse
import multiprocessing
import random
import re
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from uuid import UUID

import numpy as np
from bench_retrieval import Writing, print_row

from backend.process_memory import return_free_memory
from backend.store.base import IndexPoint, SearchFilter
from backend.store.edge import EdgeIndex
from backend.store.vectors import unit

DIMENSION = 384
POINTS_PER_UPSERT = 64
POINTS_PER_FLUSH = 2_048
PASSAGES_PER_DOCUMENT = 250
QUESTIONS = 200
HITS = 100
USER = SearchFilter("user")
HEAP = "heap"
# A file's part is named by the first that occurs in its path.
PARTS = {
    "/wal/": "log",
    "/vector_storage-dense/": "vectors",
    "/vector_storage-bm25/": "keywords, as written",
    "/vector_index-bm25/": "keywords, inverted",
    "/segments/": "ids and payload",
}


def resident(folder: Path) -> Counter[str]:
    """Return the resident bytes of each part; files outside `folder` do not count."""
    sizes: Counter[str] = Counter()
    path = ""
    for line in Path("/proc/self/smaps").read_text(encoding="utf-8").splitlines():
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            path = " ".join(line.split()[5:])
        elif line.startswith("Anonymous:"):
            sizes[HEAP] += int(line.split()[1]) * 1024
        elif line.startswith("Rss:") and path.startswith(str(folder)):
            part = next((name for mark, name in PARTS.items() if mark in path), "other files")
            sizes[part] += int(line.split()[1]) * 1024
    return sizes


def passages(count: int, sentences: int, *, with_vector: bool) -> Iterator[list[IndexPoint]]:
    """Yield points for one upsert after the other, the same with each call but for vectors."""
    writing = Writing(random.Random(0))
    numbers = np.random.default_rng(0)
    ids = random.Random(0)
    for first in range(0, count, POINTS_PER_UPSERT):
        vectors = unit(numbers.standard_normal((POINTS_PER_UPSERT, DIMENSION), np.float32))
        yield [
            IndexPoint(
                str(UUID(int=ids.getrandbits(128))),
                USER.user_id,
                f"document {n // PASSAGES_PER_DOCUMENT}",
                " ".join(writing.sentence() for _ in range(sentences)),
                vectors[n - first] if with_vector else None,
                labels=("role:assistant",),
                time=1_700_000_000 + n,
            )
            for n in range(first, min(first + POINTS_PER_UPSERT, count))
        ]


def fill(index: EdgeIndex, count: int, sentences: int) -> float:
    """Put all passages in and return how many points a second that were, text not counted."""
    spent_s = 0.0
    unflushed = 0
    for with_vector in (False, True):
        for points in passages(count, sentences, with_vector=with_vector):
            began = time.perf_counter()
            index.upsert(points)
            unflushed += len(points)
            if unflushed >= POINTS_PER_FLUSH:
                index.flush()
                unflushed = 0
            spent_s += time.perf_counter() - began
    return 2 * count / spent_s


def ask(index: EdgeIndex) -> tuple[float, float, float]:
    """Return the median milliseconds of both searches and of scoring one's hits by the other."""
    writing = Writing(random.Random(1))
    questions = [" ".join(writing.words(9)) for _ in range(QUESTIONS)]
    vectors = unit(np.random.default_rng(1).standard_normal((QUESTIONS, DIMENSION), np.float32))
    spent: tuple[list[float], ...] = ([], [], [])

    def timed(n: int, search: Callable[[], object]) -> None:
        began = time.perf_counter()
        search()
        spent[n].append((time.perf_counter() - began) * 1_000)

    for question, vector in zip(questions, vectors, strict=True):
        found = index.search_keywords(question, USER, HITS)
        narrow = SearchFilter(USER.user_id, chunk_ids=tuple(hit.id for hit in found))
        timed(0, partial(index.search_keywords, question, USER, HITS))
        timed(1, partial(index.search_dense, vector, USER, HITS))
        timed(2, partial(index.search_dense, vector, narrow, HITS))
    return tuple(statistics.median(values) for values in spent)


def report(state: str, index: EdgeIndex, folder: Path, before: Counter[str], count: int) -> None:
    milliseconds = ask(index)
    return_free_memory()
    sizes = resident(folder)
    sizes.subtract(before)
    files = [name for name in (*PARTS.values(), "other files") if sizes[name] > 0]
    in_files = sum(sizes[name] for name in files)
    print_row(
        state,
        f"{sizes[HEAP] / 1e6:.0f}",
        f"{sizes[HEAP] / count / 1e3:.1f}",
        f"{in_files / 1e6:.0f}",
        ", ".join(f"{name} {sizes[name] / 1e6:.0f}" for name in files),
        *(f"{value:.1f}" for value in milliseconds),
    )


def warm_up() -> None:
    """Take what the first search of a process takes, whatever the index."""
    with tempfile.TemporaryDirectory() as folder:
        index = EdgeIndex(Path(folder) / "index", DIMENSION)
        for points in passages(POINTS_PER_UPSERT, 12, with_vector=True):
            index.upsert(points)
        ask(index)
        index.close()
    return_free_memory()


def write(folder: Path, count: int, sentences: int) -> None:
    warm_up()
    before = resident(folder)
    index = EdgeIndex(folder, DIMENSION)
    points_per_s = fill(index, count, sentences)
    index.flush()
    index.rebuild_enqueued()
    report(f"{count:,}, as written", index, folder, before, count)
    began = time.perf_counter()
    index.compact(0.0)
    compaction_s = time.perf_counter() - began
    report(f"{count:,}, compacted", index, folder, before, count)
    index.close()
    sys.stderr.write(f"{points_per_s:.0f} points a second; compacting took {compaction_s:.1f} s\n")


def read(folder: Path, count: int) -> None:
    warm_up()
    before = resident(folder)
    began = time.perf_counter()
    index = EdgeIndex(folder, DIMENSION)
    opening_s = time.perf_counter() - began
    report(f"{count:,}, opened again", index, folder, before, count)
    index.close()
    sys.stderr.write(f"opening took {opening_s:.2f} s\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--passages", type=int, nargs="+", default=[4_500, 100_000])
    parser.add_argument("--sentences", type=int, default=12, help="of a passage")
    options = parser.parse_args()
    print_row(
        "passages",
        "heap, MB",
        "heap a passage, KB",
        "files, MB",
        "of these",
        f"{HITS} keyword hits, ms",
        f"{HITS} dense hits, ms",
        f"cosines of {HITS}, ms",
    )
    print_row(*["---"] * 8)
    processes = multiprocessing.get_context("spawn")
    for count in options.passages:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary).resolve() / "index"
            for task in ((write, (folder, count, options.sentences)), (read, (folder, count))):
                process = processes.Process(target=task[0], args=task[1])
                process.start()
                process.join()


if __name__ == "__main__":
    main()
