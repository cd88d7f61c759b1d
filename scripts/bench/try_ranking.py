"""How other ways to rank do on question sets, beside the product's.

    .venv/bin/python scripts/bench/try_ranking.py SET… --idea NAME… [--given] [--work-dir FOLDER]
    .venv/bin/python scripts/bench/try_ranking.py --list

Prints, as Markdown, the figures of `docchat eval` for the product and for each idea (`--idea all`:
for all of them), and by how much the nDCG@10 differs. With `--given` also the share of all
relevant documents that are among the passages which a model would be given, which is what
ideas about neighbours and diversity are about (RAG_MAX_DOCUMENT_RESULTS; asks everything twice).
There are no times, since the ideas share what they all ask for. `--set` and `--work-dir` are
those of `docchat eval`, and so is the folder's content: a set is taken in once for both.

An idea is the product's own search with some of its parts exchanged (`ranking_ideas/`).
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ranking_ideas.catalogue import IDEAS
from ranking_ideas.lab import Idea, Lab, open_lab

from backend.chat.retrieval import Search
from backend.errors import DocChatError
from backend.evaluation.command import OpenLibrary, open_library, parse_settings
from backend.evaluation.dataset import Dataset, read_dataset
from backend.evaluation.measurement import measure
from backend.store.search import SearchResult

COLUMNS = ("nDCG@10", "±", "recall@5", "recall@10", "MRR")


def as_given(search: Search) -> Search:
    """Return a search that gives no more passages than a model would be given."""

    def search_few(
        *,
        user_id: str,
        query: str,
        document_ids: Sequence[str] | None = None,
        limit: int | None = None,
    ) -> Sequence[SearchResult]:
        return search(user_id=user_id, query=query, document_ids=document_ids)

    return search_few


class Judge:
    """Asks a set's questions; with `asks_given` also for no more than a model would be given."""

    def __init__(self, dataset: Dataset, lab: Lab, *, asks_given: bool) -> None:
        self._dataset = dataset
        self._lab = lab
        self._asks_given = asks_given
        self._product: float | None = None

    def cells(self, search: Search, *, sees_previous: bool = True) -> Iterator[str]:
        """Yield the figures of a search; the first one is what others are compared with."""
        dataset = self._dataset if sees_previous else without_previous(self._dataset)
        found = measure(dataset, self._lab.library, search, lambda _: None)
        if self._product is None:
            self._product = found.ndcg_at_10
        yield f"{found.ndcg_at_10:.3f}"
        yield f"{found.ndcg_at_10 - self._product:+.4f}"
        for value in (found.recall_at_5, found.recall_at_10, found.mrr):
            yield f"{value:.3f}"
        if self._asks_given:
            given = measure(dataset, self._lab.library, as_given(search), lambda _: None)
            yield f"{given.recall_at_10:.3f}"


def without_previous(dataset: Dataset) -> Dataset:
    return replace(dataset, queries=[replace(query, previous=()) for query in dataset.queries])


def try_ideas(
    dataset: Dataset, opened: OpenLibrary, ideas: Sequence[Idea], root: Path, *, asks_given: bool
) -> None:
    columns = [*COLUMNS, "given"] if asks_given else COLUMNS
    with open_lab(opened, root) as lab:
        judge = Judge(dataset, lab, asks_given=asks_given)
        row(dataset.name, *columns)
        row(*["---"] * (1 + len(columns)))
        row("the product", *judge.cells(lab.search()))
        for idea in ideas:
            with idea.open(lab) as search:
                row(idea.name, *judge.cells(search, sees_previous=idea.sees_previous))
        sys.stdout.write("\n")


def row(*cells: str) -> None:
    sys.stdout.write(f"| {' | '.join(cells)} |\n")
    sys.stdout.flush()


def tell(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")


@contextmanager
def work_folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        yield kept.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="docchat-eval-") as folder:
        yield Path(folder)


def run(
    folders: Sequence[Path],
    ideas: Sequence[Idea],
    settings: Mapping[str, str],
    *,
    kept: Path | None,
    asks_given: bool,
) -> None:
    datasets = [read_dataset(folder) for folder in folders]
    with work_folder(kept) as root:
        for folder, dataset in zip(folders, datasets, strict=True):
            with open_library(folder, dataset, settings, root, tell) as opened:
                try_ideas(dataset, opened, ideas, root, asks_given=asks_given)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folders", type=Path, nargs="*", metavar="SET", help="a question set")
    parser.add_argument("--idea", action="append", default=[], choices=["all", *IDEAS])
    parser.add_argument("--given", action="store_true", help="also what a model would be given")
    parser.add_argument("--list", action="store_true", help="print the ideas' names")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--work-dir", type=Path, help="keep what was taken in, and vectors")
    options = parser.parse_args()
    if options.list:
        for idea in IDEAS.values():
            sys.stdout.write(f"{idea.name:22}{idea.description}\n")
        return 0
    if not options.folders or not options.idea:
        parser.error("at least one SET and one --idea are needed")
    names = IDEAS if "all" in options.idea else options.idea
    try:
        settings = parse_settings(options.set)
        run(
            options.folders,
            [IDEAS[name] for name in names],
            settings,
            kept=options.work_dir,
            asks_given=options.given,
        )
    except DocChatError as error:
        tell(error.message)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
