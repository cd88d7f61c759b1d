"""How good the built-in quotes are, how honest, and how fast.

    .venv/bin/python scripts/bench/bench_quotes.py QUESTION_SET --work-dir FOLDER
        [--foreign OTHER_SET] [--set NAME=VALUE]… [--idea NAME] [--every N]

Asks every question of a set, through search, the quotes and the check of citations. Prints,
as Markdown:

- how often the gold answer stands in the best quote, in the best three, and in the answer as
  shown (which is in reading order), and how many of the quotes shown stand in what opens behind
  their number;
- the curve of ANSWER_MIN_EVIDENCE: answerable questions refused (of those whose answer stood
  in the best three quotes) against unanswerable ones answered. Unanswerable are the same
  questions without the documents that answer them and, with `--foreign`, another set's
  questions;
- how long an answer takes.

What the set consists of is taken in once, below the folder `--work-dir`, as by `docchat eval`,
whose `--set` this is, too. `--idea` searches by one of the ideas of `try_ranking.py`; times are
left out then, since they mean nothing there. `--every 5` asks a fifth of the questions.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ranking_ideas.catalogue import IDEAS
from ranking_ideas.lab import open_lab

from backend.chat.citations import Embed, cite
from backend.chat.evidence import evidence
from backend.chat.marks import find_claims
from backend.chat.retrieval import Search, Source, find_sources
from backend.config import Config
from backend.evaluation.command import OpenLibrary, open_library, parse_settings
from backend.evaluation.corpus import Library
from backend.evaluation.dataset import Dataset, Query, read_dataset
from backend.llm.base import ChatRequest, TextDelta
from backend.llm.questions import kind_of
from backend.llm.quotes import MODEL, QuotesProvider, rank_quotes

THRESHOLDS = (0.3, 0.35, 0.38, 0.4, 0.42, 0.44, 0.46, 0.5, 0.55)
SPARE_RESULTS = 10
# To leave out the gold documents a search names all others, as long as these are few.
MAX_NAMED = 1_000


@dataclass(frozen=True, slots=True)
class Asked:
    evidence: float
    best_holds: bool
    three_hold: bool
    shown_holds: bool
    quote_is_placed: bool
    quotes_are_cited: list[bool]
    milliseconds: float


def one_line(text: str) -> str:
    return " ".join(text.casefold().split())


class Asker:
    """Asks a library's questions as the engine does for the built-in quotes."""

    def __init__(self, config: Config, library: Library, search: Search, embed: Embed) -> None:
        self._config = config
        self._library = library
        self._search = search
        self._embed = embed
        self._quotes = QuotesProvider(config.quotes_max_sentences)

    def find(self, text: str) -> list[Source]:
        return find_sources(self._search, self._library.user_id, text, None)

    def answer(self, text: str, sources: Sequence[Source]) -> tuple[str, list[bool]]:
        """Return the answer's text, and for each quote whether its citation shows all of it."""
        request = ChatRequest(MODEL, [], text, [source.to_passage() for source in sources])
        events = self._quotes.stream(request)
        pieces = [event.text for event in events if isinstance(event, TextDelta)]
        content, citations = cite("".join(pieces), sources, self._embed)
        assert all(citation.pages for citation in citations)
        shown = {citation.n: one_line(citation.quote) for citation in citations}
        quotes = [(claim.number, one_line(claim.text)) for claim in find_claims(content)]
        return content, [quote.strip("“” ") in shown[number] for number, quote in quotes]

    def ask(self, query: Query) -> Asked:
        began = time.perf_counter()
        sources = self.find(query.text)
        text, quotes_are_cited = self.answer(query.text, sources)
        milliseconds = (time.perf_counter() - began) * 1_000
        passages = [source.to_passage() for source in sources]
        ranked = rank_quotes(query.text, kind_of(query.text), passages)
        gold = one_line(query.answer)
        holds = [gold in one_line(quote.text) for quote in ranked[:3]]
        return Asked(
            evidence(sources),
            holds[:1] == [True],
            any(holds),
            gold in one_line(text.replace("\\", "")),
            all(quote.page >= 1 and quote.end > quote.start for quote in ranked[:3]),
            quotes_are_cited,
            milliseconds,
        )

    def evidence_without_gold(self, query: Query) -> float:
        entry_ids = self._library.entry_ids
        limit = self._config.rag_max_document_results
        if len(entry_ids) <= MAX_NAMED:
            others = [id_ for id_, entry in entry_ids.items() if entry not in query.relevant]
            results = self._search(
                user_id=self._library.user_id, query=query.text, document_ids=others
            )
        else:
            results = self._search(
                user_id=self._library.user_id, query=query.text, limit=limit + SPARE_RESULTS
            )
            results = [
                result
                for result in results
                if entry_ids[result.chunk.document_id] not in query.relevant
            ][:limit]
        return evidence(
            [
                Source(number, result.chunk, result.score, result.sentence_relevance)
                for number, result in enumerate(results, start=1)
            ]
        )


def share(part: Sequence[bool]) -> str:
    return f"{100 * sum(part) / max(1, len(part)):.1f} %"


def rows(*lines: Sequence[object]) -> None:
    for line in lines:
        sys.stdout.write(f"| {' | '.join(str(cell) for cell in line)} |\n")
    sys.stdout.flush()


def show_quotes(asked: Sequence[Asked]) -> None:
    rows(["the gold answer stands in", "of questions"], ["---"] * 2)
    rows(["the best quote", share([a.best_holds for a in asked])])
    rows(["the best three quotes", share([a.three_hold for a in asked])])
    rows(["the answer as shown", share([a.shown_holds for a in asked])])
    cited = [is_cited for a in asked for is_cited in a.quotes_are_cited]
    rows(["quotes that their citation shows", share(cited)])
    rows(["quotes with page and place", share([a.quote_is_placed for a in asked])])


def show_curve(asked: Sequence[Asked], unanswerable: dict[str, list[float]], chosen: float) -> None:
    answerable = [a.evidence for a in asked if a.three_hold]
    rows(
        ["ANSWER_MIN_EVIDENCE", "refused wrongly", *(f"answered: {name}" for name in unanswerable)],
        ["---"] * (2 + len(unanswerable)),
    )
    for threshold in sorted({*THRESHOLDS, chosen}):
        mark = " (set)" if threshold == chosen else ""
        rows(
            [
                f"{threshold}{mark}",
                share([value < threshold for value in answerable]),
                *(
                    share([value >= threshold for value in values])
                    for values in unanswerable.values()
                ),
            ]
        )


def show_times(asked: Sequence[Asked]) -> None:
    times = [a.milliseconds for a in asked]
    quantiles = statistics.quantiles(times, n=100)
    rows(["an answer takes", "ms"], ["---"] * 2)
    rows(["p50", f"{quantiles[49]:.0f}"], ["p95", f"{quantiles[94]:.0f}"])
    rows(["most", f"{max(times):.0f}"])


@contextmanager
def open_search(
    opened: OpenLibrary, work_dir: Path, idea: str | None
) -> Iterator[tuple[Search, Embed]]:
    """Give the product's search and embedding, or those of an idea."""
    if idea is None:
        with opened.search_stack({}) as stack:
            yield stack.search, stack.embed
    else:
        with open_lab(opened, work_dir) as lab, IDEAS[idea].open(lab) as search:
            yield search, lab.questions.embed


def run(
    folder: Path,
    dataset: Dataset,
    work_dir: Path,
    *,
    foreign: Path | None,
    settings: Mapping[str, str],
    idea: str | None,
    every: int,
) -> None:
    with (
        open_library(folder, dataset, settings, work_dir, tell) as opened,
        open_search(opened, work_dir, idea) as (search, embed),
    ):
        asker = Asker(opened.config, opened.library, search, embed)
        queries = [query for query in dataset.queries if query.answer][::every]
        asker.ask(queries[0])
        asked = [asker.ask(query) for query in queries]
        unanswerable = {"gold removed": [asker.evidence_without_gold(query) for query in queries]}
        if foreign is not None:
            unanswerable[f"of {foreign.name}"] = [
                evidence(asker.find(other.text)) for other in read_dataset(foreign).queries
            ]
        chosen = opened.config.answer_min_evidence
    show_quotes(asked)
    sys.stdout.write("\n")
    show_curve(asked, unanswerable, chosen)
    if idea is None:
        sys.stdout.write("\n")
        show_times(asked)


def tell(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="of the question set")
    parser.add_argument("--work-dir", type=Path, required=True, help="where it is taken in")
    parser.add_argument("--foreign", type=Path, help="another set, whose questions have no answer")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--idea", choices=IDEAS, help="search by an idea of try_ranking.py")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="ask every Nth question")
    options = parser.parse_args()
    run(
        options.folder,
        read_dataset(options.folder),
        options.work_dir.resolve(),
        foreign=options.foreign,
        settings=parse_settings(options.set),
        idea=options.idea,
        every=options.every,
    )


if __name__ == "__main__":
    main()
