"""How fast the built-in embedding model is: documents' sentences, passages, and questions.

.venv/bin/python scripts/bench/bench_embedder.py
"""

import argparse
import random
import statistics
import sys
import time

from backend.store.embeddings import Embedder
from backend.store.minilm import MiniLMEmbedder

SENTENCES_PER_PASSAGE = 7
TEXT = (
    "the annual report shows that revenue from harbour fees grew by nine percent while costs "
    "of maintenance fell slightly because the lighthouse was automated and staff moved to other "
    "departments in spring after a long consultation with the regional authority about safety"
)


def make_words(chance: random.Random, count: int) -> str:
    return " ".join(chance.choices(TEXT.split(), k=count))


def measure_rate(embedder: Embedder, texts: list[str]) -> float:
    began = time.perf_counter()
    embedder.embed(texts)
    return len(texts) / (time.perf_counter() - began)


def measure_questions(embedder: Embedder, questions: list[str]) -> list[float]:
    """Return milliseconds for each question, asked one after the other."""
    milliseconds = []
    for question in questions:
        began = time.perf_counter()
        embedder.embed([question])
        milliseconds.append((time.perf_counter() - began) * 1_000)
    return milliseconds


def print_row(*cells: str) -> None:
    sys.stdout.write(f"| {' | '.join(cells)} |\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sentences", type=int, default=1_000, help="default: %(default)s")
    parser.add_argument("--questions", type=int, default=200, help="default: %(default)s")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="default: 1 2")
    options = parser.parse_args()
    chance = random.Random(0)
    sentences = [make_words(chance, chance.randint(10, 32)) for _ in range(options.sentences)]
    questions = [make_words(chance, 9) for _ in range(options.questions)]

    print_row("measure", "result")
    print_row("---", "---")
    for threads in options.threads:
        embedder = MiniLMEmbedder(threads)
        embedder.embed(sentences[:20])
        rate = measure_rate(embedder, sentences)
        print_row(f"sentences/s, {threads} thread(s)", f"{rate:.0f}")
        print_row(
            f"passages/s of {SENTENCES_PER_PASSAGE} sentences, {threads} thread(s)",
            f"{rate / SENTENCES_PER_PASSAGE:.1f}",
        )
        embedder.close()
    embedder = MiniLMEmbedder(1)
    embedder.embed(questions[:20])
    latencies = measure_questions(embedder, questions)
    quantiles = statistics.quantiles(latencies, n=100)
    print_row("one question, p50", f"{quantiles[49]:.1f} ms")
    print_row("one question, p99", f"{quantiles[98]:.1f} ms")
    embedder.close()


if __name__ == "__main__":
    main()
