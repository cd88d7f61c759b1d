"""How well the check of citations tells claims that a passage carries from those it does not.

Prints, as Markdown, precision, recall and F1 of `verified` for both parts of the claims in
`backend/tests/claims`, the same by kind of claim, what other thresholds would give on the
development part, and a table of all mistakes.

    .venv/bin/python scripts/bench/bench_citations.py [QUESTION_SET_FOLDER]

With the folder of a question set (`corpus.jsonl`), pairs made by rule from its passages are
measured as well.
"""

import argparse
import dataclasses
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "backend" / "tests"))

from backend.chat.support import VERIFIED_FROM, PassageCheck, Verdict
from backend.config import load_config
from backend.evaluation.dataset import read_dataset
from backend.ingest.chunking import Chunker
from backend.ingest.extract.base import ExtractedPage
from backend.store.embeddings import Embedder, create_embedder
from backend.store.vectors import pack_sentence_vectors
from chat_house import make_chunk
from claim_set import DEVELOPMENT, HELD_OUT, Pair, load_pairs, with_changed_figure

THRESHOLDS = (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7)
PASSAGES_OF_SET = 100
_AUXILIARY = re.compile(r"\b(was|is|were|are|can|will|has|have)\b")


@dataclasses.dataclass(frozen=True, slots=True)
class Judged:
    pair: Pair
    verdict: Verdict

    @property
    def is_right(self) -> bool:
        return (self.verdict.support == "verified") == self.pair.is_carried


def judge_all(pairs: Sequence[Pair], embedder: Embedder) -> list[Judged]:
    texts = {pair.claim for pair in pairs} | {s for pair in pairs for s in pair.sentences}
    ordered = sorted(texts)
    vectors = dict(zip(ordered, embedder.embed(ordered), strict=True))
    judged = []
    checks: dict[tuple[str, ...], PassageCheck] = {}
    for pair in pairs:
        if pair.sentences not in checks:
            chunk = make_chunk(pair.sentences, filename="notes.txt")
            rows = embedder.embed(pair.sentences)
            chunk = dataclasses.replace(chunk, sentence_vectors=pack_sentence_vectors(rows))
            checks[pair.sentences] = PassageCheck(chunk)
        check = checks[pair.sentences]
        verdict = check.judge(pair.claim, check.match(pair.claim, vectors[pair.claim]))
        judged.append(Judged(pair, verdict))
    return judged


def pairs_of_set(folder: Path) -> Iterator[Pair]:
    """Yield claims made by rule from the first sentences of a set's passages."""
    texts = {entry.id: entry.text for entry in read_dataset(folder).entries}
    config = load_config()
    chance = random.Random(0)
    titles = sorted(texts)
    chance.shuffle(titles)
    passages = []
    for id_ in titles[: PASSAGES_OF_SET + 1]:
        chunker = Chunker(config.chunk_max_characters, config.chunk_overlap_characters)
        [passage, *_] = [*chunker.add(ExtractedPage(1, texts[id_])), *chunker.finish()]
        passages.append(tuple(passage.text[start:end] for start, end in passage.sentences))
    for title, sentences, other in zip(titles, passages, passages[1:], strict=False):
        claim = max(sentences, key=len)
        words = claim.split()
        yield Pair(
            title,
            sentences,
            " ".join(words[: max(6, len(words) * 2 // 3)]),
            "trimmed",
            True,
        )
        yield Pair(title, other, claim, "wrong passage", False)
        if changed := with_changed_figure(claim):
            yield Pair(title, sentences, changed, "figure changed", False)
        negated = _AUXILIARY.sub(r"\1 not", claim, count=1)
        if negated != claim:
            yield Pair(title, sentences, negated, "negation", False)


def figures(judged: Sequence[Judged]) -> tuple[float, float, float]:
    """Return precision, recall and F1 of `verified`."""
    verified = [j for j in judged if j.verdict.support == "verified"]
    right = sum(j.pair.is_carried for j in verified)
    carried = sum(j.pair.is_carried for j in judged)
    precision, recall = right / max(1, len(verified)), right / max(1, carried)
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


def rows(*lines: Sequence[object]) -> None:
    for line in lines:
        sys.stdout.write(f"| {' | '.join(str(cell) for cell in line)} |\n")
    sys.stdout.flush()


def show_totals(parts: dict[str, list[Judged]]) -> None:
    rows(["part", "pairs", "carried", "precision", "recall", "F1"], ["---"] * 6)
    for name, judged in parts.items():
        carried = sum(j.pair.is_carried for j in judged)
        rows([name, len(judged), carried, *(f"{value:.3f}" for value in figures(judged))])


def show_kinds(parts: dict[str, list[Judged]]) -> None:
    rows(
        ["kind", "carried", *(f"right, {name}" for name in parts)],
        ["---"] * (2 + len(parts)),
    )
    kinds = Counter((j.pair.kind, j.pair.is_carried) for judged in parts.values() for j in judged)
    for kind, is_carried in kinds:
        cells = []
        for judged in parts.values():
            of_kind = [j for j in judged if j.pair.kind == kind]
            cells.append(f"{sum(j.is_right for j in of_kind)} of {len(of_kind)}")
        rows([kind, "yes" if is_carried else "no", *cells])


def show_thresholds(judged: Sequence[Judged]) -> None:
    """What matters is above which likeness a claim without any contradiction is verified."""
    rows(["verified from", "precision", "recall", "F1"], ["---"] * 4)
    for threshold in THRESHOLDS:
        moved = []
        for j in judged:
            verdict = j.verdict
            if not verdict.is_contradicted:
                support = "verified" if verdict.match >= threshold else "partial"
                verdict = dataclasses.replace(verdict, support=support)
            moved.append(Judged(j.pair, verdict))
        mark = " (chosen)" if threshold == VERIFIED_FROM else ""
        rows([f"{threshold}{mark}", *(f"{value:.3f}" for value in figures(moved))])


def show_mistakes(parts: dict[str, list[Judged]]) -> None:
    rows(["part", "kind", "claim", "passage", "carried", "verdict"], ["---"] * 6)
    for name, judged in parts.items():
        for j in judged:
            if not j.is_right:
                pair, support = j.pair, j.verdict.support
                carried = "yes" if pair.is_carried else "no"
                rows([name, pair.kind, pair.claim, pair.title, carried, support])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, help="of a question set, to measure on too")
    options = parser.parse_args()
    embedder = create_embedder(load_config(), threads=1)
    development = judge_all(load_pairs(DEVELOPMENT), embedder)
    parts = {
        "development": development,
        "held out": judge_all(load_pairs(HELD_OUT), embedder),
    }
    show_totals(parts)
    sys.stdout.write("\n")
    show_kinds(parts)
    sys.stdout.write("\n")
    show_thresholds(development)
    sys.stdout.write("\n")
    show_mistakes(parts)
    if options.folder:
        made = {options.folder.name: judge_all(list(pairs_of_set(options.folder)), embedder)}
        sys.stdout.write("\n")
        show_totals(made)
        sys.stdout.write("\n")
        show_kinds(made)
    embedder.close()


if __name__ == "__main__":
    main()
