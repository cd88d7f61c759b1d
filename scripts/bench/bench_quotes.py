"""How good the built-in quotes are, how honest, and how fast.

    .venv/bin/python scripts/bench/bench_quotes.py QUESTION_SET --cache FOLDER
        [--foreign OTHER_SET]

Asks every question of a set, through search, the quotes and the check of citations. Prints,
as Markdown:

- how often the gold answer stands in the best quote, in the best three, and in the answer as
  shown (which is in reading order);
- the curve of ANSWER_MIN_EVIDENCE: answerable questions refused (of those whose answer stood
  in the best three quotes) against unanswerable ones answered. Unanswerable are the same
  questions without the documents that answer them and, with `--foreign`, another set's
  questions;
- how long an answer takes.

The library is built once in the folder `--cache` and found there the next time.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from question_set import Library, Question, QuestionSet, load_question_set, open_library

from backend.chat.citations import cite
from backend.chat.evidence import evidence
from backend.chat.retrieval import Source, find_sources
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
    milliseconds: float


def one_line(text: str) -> str:
    return " ".join(text.casefold().split())


def answer(library: Library, question: Question, sources: Sequence[Source]) -> str:
    """Return the answer's text as the engine would, its citations checked."""
    request = ChatRequest(MODEL, [], question.text, [source.to_passage() for source in sources])
    provider = QuotesProvider(library.config.quotes_max_sentences)
    pieces = [event.text for event in provider.stream(request) if isinstance(event, TextDelta)]
    text, citations = cite("".join(pieces), sources, library.embedder.embed)
    assert all(citation.pages for citation in citations)
    return text


def ask(library: Library, question: Question) -> Asked:
    began = time.perf_counter()
    sources = find_sources(library.searcher.search, library.user_id, question.text, None)
    text = answer(library, question, sources)
    milliseconds = (time.perf_counter() - began) * 1_000
    passages = [source.to_passage() for source in sources]
    ranked = rank_quotes(question.text, kind_of(question.text), passages)
    gold = one_line(question.answer)
    holds = [gold in one_line(quote.text) for quote in ranked[:3]]
    return Asked(
        evidence(sources),
        holds[:1] == [True],
        any(holds),
        gold in one_line(text.replace("\\", "")),
        all(quote.page >= 1 and quote.end > quote.start for quote in ranked[:3]),
        milliseconds,
    )


def evidence_without_gold(library: Library, question: Question) -> float:
    gold = {library.document_ids[id_] for id_ in question.gold}
    everything = library.document_ids.values()
    if len(library.document_ids) <= MAX_NAMED:
        others = [id_ for id_ in everything if id_ not in gold]
        results = library.searcher.search(
            user_id=library.user_id, query=question.text, document_ids=others
        )
    else:
        limit = library.config.rag_max_document_results
        results = [
            result
            for result in library.searcher.search(
                user_id=library.user_id, query=question.text, limit=limit + SPARE_RESULTS
            )
            if result.chunk.document_id not in gold
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


def run(question_set: QuestionSet, cache: Path, foreign: Path | None) -> None:
    with open_library(question_set, cache) as library:
        questions = [question for question in question_set.questions if question.answer]
        ask(library, questions[0])
        asked = [ask(library, question) for question in questions]
        unanswerable = {
            "gold removed": [evidence_without_gold(library, question) for question in questions]
        }
        if foreign is not None:
            unanswerable[f"of {foreign.name}"] = [
                evidence(find_sources(library.searcher.search, library.user_id, other.text, None))
                for other in load_question_set(foreign).questions
            ]
        chosen = library.config.answer_min_evidence
    show_quotes(asked)
    sys.stdout.write("\n")
    show_curve(asked, unanswerable, chosen)
    sys.stdout.write("\n")
    show_times(asked)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="of the question set")
    parser.add_argument("--cache", type=Path, required=True, help="where the library is kept")
    parser.add_argument("--foreign", type=Path, help="another set, whose questions have no answer")
    options = parser.parse_args()
    run(load_question_set(options.folder), options.cache, options.foreign)


if __name__ == "__main__":
    main()
