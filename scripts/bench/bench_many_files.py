"""A thousand small files at once: when all have ended, whether somebody else's one file waits for
them, and how quickly questions are answered meanwhile.

    .venv/bin/python scripts/bench/bench_many_files.py [--files 1000]

Every tenth file is broken or empty of text on purpose. Searching is measured over HTTP, one
search after the other with a short pause, the embedding of the question included.
"""

import argparse
import random
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from made_up_text import WORDS, make_line
from person import ENDED, Person

sys.path.insert(0, str(Path(__file__).parents[2] / "backend" / "tests"))

from office_maker import make_docx, paragraph
from pdf_maker import make_pdf
from server_process import ServerProcess

LINES_PER_PAGE = 40
LONGEST_S = 3_600
PAUSE_S = 0.05


def make_file(number: int) -> tuple[str, bytes]:
    """Return the name and the bytes of a file of about two pages."""
    chance = random.Random(number)

    lines = [make_line(chance) for _ in range(2 * LINES_PER_PAGE)]
    pages = ["\n".join(lines[:LINES_PER_PAGE]), "\n".join(lines[LINES_PER_PAGE:])]
    kind = number % 10
    if kind == 0:
        broken = (b"%PDF-1.7\nbroken " + str(number).encode(), b" \n" * (1 + number))
        return f"broken {number}.pdf", broken[number // 10 % 2]
    if kind < 5:
        return f"report {number}.pdf", make_pdf(pages)
    if kind < 8:
        return f"notes {number}.txt", "\n\n".join(pages).encode()
    return f"minutes {number}.docx", make_docx("".join(paragraph(line) for line in lines))


class Questions:
    """Searches again and again until it is told to stop; remembers how long each took."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.milliseconds: list[float] = []

    def _run(self) -> None:
        chance = random.Random(0)
        while not self._stopped.wait(PAUSE_S):
            began = time.perf_counter()
            self._person.search(" ".join(chance.choices(WORDS, k=6)))
            self.milliseconds.append((time.perf_counter() - began) * 1000)

    def __enter__(self) -> "Questions":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--files", type=int, default=1_000, help="default: %(default)s")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as name,
        ServerProcess(Path(name), SIGNUP_ENABLED="true") as server,
    ):
        ada, bob = Person(server.url, "ada"), Person(server.url, "bob")
        began = time.monotonic()
        with Questions(ada) as questions:
            for number in range(options.files):
                ada.upload(*make_file(number))
            uploaded_s = time.monotonic() - began
            document_id = bob.upload("Bob's only one.pdf", make_pdf(["The one that Bob has."]))[
                "id"
            ]
            bob_began = time.monotonic()
            while not bob.document(document_id)["searchable"]:
                time.sleep(PAUSE_S)
            bob_s = time.monotonic() - bob_began
            while sum(d["status"] not in ENDED for d in ada.documents()):
                if time.monotonic() - began > LONGEST_S:
                    break
                time.sleep(2)
            ended_s = time.monotonic() - began
        documents = ada.documents()
    counts = Counter(document["status"] for document in documents)
    codes = Counter(document["error"]["code"] for document in documents if document["error"])
    cuts = statistics.quantiles(questions.milliseconds, n=100)
    rows = [
        ("uploaded one after the other", f"{uploaded_s:.0f} s"),
        ("all ended", f"{ended_s:.0f} s"),
        *((f"… {status}", str(count)) for status, count in sorted(counts.items())),
        *((f"… failed: {code}", str(count)) for code, count in sorted(codes.items())),
        ("another person's one file, from its upload until it can be searched", f"{bob_s:.1f} s"),
        (
            "a search meanwhile, p50 / p99 / most",
            f"{cuts[49]:.0f} / {cuts[98]:.0f} / {max(questions.milliseconds):.0f} ms "
            f"of {len(questions.milliseconds)}",
        ),
    ]
    sys.stdout.write(f"| {options.files} files of about two pages | result |\n|---|---|\n")
    sys.stdout.writelines(f"| {label} | {value} |\n" for label, value in rows)


if __name__ == "__main__":
    main()
