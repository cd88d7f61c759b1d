"""What the search box shows where no word is shared: the curve of SEARCH_MIN_RELEVANCE.

    .venv/bin/python scripts/bench/bench_search_box.py QUESTION_SET --foreign OTHER_SET
        --work-dir FOLDER [--every N]

Asks the product's search for the passages (of a set of turns: the messages) that it would show,
and takes the best of those that share no word with the query. Prints, as Markdown, for how many
queries one passes each floor:

- meant: sentences that are right and share no word with the question. Of documents, those that
  hold the gold answer; of turns, those found in the question's conversation that count as its
  evidence. What lies below the floor is lost;
- the other set's questions, of which nothing here speaks;
- words of the other set's questions that stand nowhere here, each typed alone. What is found may
  be right all the same: "influenza" finds a pandemic;
- such words, two at a time;
- made-up words, each typed alone.

What the set consists of is taken in once, below the folder `--work-dir`, as by `docchat eval`.
"""

import argparse
import random
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from backend.chat.evidence import best_relevance
from backend.chat.matching import Matcher
from backend.evaluation.command import OpenDialogue, OpenLibrary, open_dialogue, open_library
from backend.evaluation.dataset import Dataset, Query, read_dataset
from backend.evaluation.dialogue import is_dialogue
from backend.search_stack import SearchStack
from backend.store.keywords import KeywordEncoder
from backend.store.memory import SaidWhere
from backend.store.relevance import by_meaning
from backend.store.vectors import sentence_cosines, unpack_sentence_vectors

FLOORS = (0.15, 0.175, 0.19, 0.2, 0.21, 0.22, 0.23, 0.24, 0.25, 0.3)
LIMIT = 40  # as the page asks for
WORDS = 400
MAYBE_NEAR = 0.1  # half of the floor: of a message with the turn before, to be looked at
CONSONANTS, VOWELS = "bcdfghjklmnprstvwz", "aeiou"

# The sentences of a passage or message, and the relevance of each.
Found = tuple[list[str], Sequence[float]]
Find = Callable[[str], list[Found]]


class Box:
    """Asks as the search box does, without a floor."""

    def __init__(self, find: Find) -> None:
        self._find = find
        self._encoder = KeywordEncoder()

    def matcher(self, text: str) -> Matcher:
        return Matcher(self._encoder, text, 0.0)

    def ask(self, text: str) -> tuple[float, bool]:
        """Return the best relevance without a shared word, and whether any word was shared."""
        matcher = self.matcher(text)
        best, is_shared = 0.0, False
        for sentences, relevance in self._find(text):
            if matcher.has_words("\n".join(sentences)):
                is_shared = True
            else:
                best = max(best, best_relevance(sentences, relevance))
        return best, is_shared

    def is_word(self, text: str) -> bool:
        """Return whether it is one that searches look for: no stop word."""
        return bool(self._encoder.query(text).indices)


def cut(text: str, places: Sequence[Sequence[int]]) -> list[str]:
    return [text[start:end] for start, end in places]


def find_passages(opened: OpenLibrary, stack: SearchStack) -> Find:
    def find(text: str) -> list[Found]:
        results = stack.search(user_id=opened.library.user_id, query=text, limit=LIMIT)
        return [(cut(r.chunk.text, r.chunk.sentences), r.sentence_relevance) for r in results]

    return find


def find_messages(opened: OpenDialogue, stack: SearchStack) -> Find:
    def find(text: str) -> list[Found]:
        return [found for _id, found in said(opened, stack, text, SaidWhere())]

    return find


def said(
    opened: OpenDialogue, stack: SearchStack, text: str, where: SaidWhere
) -> list[tuple[str, Found]]:
    """Return the messages found, by id, each with the relevance of its own sentences by meaning;
    0 for those that the box would not look at."""
    results = stack.search_messages(
        user_id=opened.library.user_id, query=text, where=where, limit=LIMIT
    )
    sentences = [cut(r.passage.text, r.passage.sentences) for r in results]
    query, *vectors = stack.embed([text, *(each for own in sentences for each in own)])
    rest = iter(by_meaning(float(vector @ query)) for vector in vectors)
    relevance = [[next(rest) for _ in own] for own in sentences]
    return [
        (
            r.passage.message_id,
            (own, values if by_meaning(r.cosine or 0.0) >= MAYBE_NEAR else [0.0] * len(own)),
        )
        for r, own, values in zip(results, sentences, relevance, strict=True)
    ]


def meant_in_documents(
    opened: OpenLibrary, stack: SearchStack, box: Box, query: Query
) -> float | None:
    """Return the relevance by meaning of the sentence with the gold answer, if it shares no
    word with the question; None if there is no such sentence."""
    matcher = box.matcher(query.text)
    vector = stack.embed([query.text])[0]
    gold = query.answer.casefold()
    meant = []
    for result in stack.search(user_id=opened.library.user_id, query=query.text, limit=LIMIT):
        chunk = result.chunk
        if opened.library.entry_ids[chunk.document_id] not in query.relevant:
            continue
        vectors = unpack_sentence_vectors(chunk.sentence_vectors or b"", len(vector))
        cosines = sentence_cosines(vectors, vector)
        sentences = cut(chunk.text, chunk.sentences)
        meant += [
            by_meaning(float(cosine))
            for sentence, cosine in zip(sentences, cosines, strict=True)
            if gold in sentence.casefold() and not matcher.has_words(sentence)
        ]
    return max(meant, default=None)


def meant_in_messages(
    opened: OpenDialogue, stack: SearchStack, box: Box, query: Query
) -> list[tuple[float, bool]]:
    """Return, of the messages found in the query's conversation that share no word with it, the
    relevance and whether they are evidence."""
    matcher = box.matcher(query.text)
    library = opened.library
    where = SaidWhere(conversation_ids=(library.conversation_ids[query.conversation or ""],))
    return [
        (best_relevance(*found), library.entry_ids[message_id] in query.relevant)
        for message_id, found in said(opened, stack, query.text, where)
        if not matcher.has_words("\n".join(found[0]))
    ]


@contextmanager
def open_box(
    folder: Path, dataset: Dataset, root: Path, queries: Sequence[Query]
) -> Iterator[tuple[Box, dict[str, list[float]]]]:
    """Give the search box over the set, and the relevance of what is meant and what is not."""
    if is_dialogue(dataset):
        with (
            open_dialogue(folder, dataset, {}, root, tell) as dialogue,
            dialogue.search_stack({}) as stack,
        ):
            box = Box(find_messages(dialogue, stack))
            pairs = [p for q in queries for p in meant_in_messages(dialogue, stack, box, q)]
            yield (
                box,
                {
                    "meant": [value for value, is_meant in pairs if is_meant],
                    "found, not meant": [value for value, is_meant in pairs if not is_meant],
                },
            )
    else:
        with (
            open_library(folder, dataset, {}, root, tell) as library,
            library.search_stack({}) as stack,
        ):
            box = Box(find_passages(library, stack))
            values = [
                meant_in_documents(library, stack, box, query) for query in queries if query.answer
            ]
            yield box, {"meant": [value for value in values if value is not None]}


def made_up_words(count: int) -> list[str]:
    """Return words like "tovuke", the same each time."""
    choose = random.Random(2)
    return [
        "".join(
            choose.choice(CONSONANTS) + choose.choice(VOWELS) for _ in range(choose.randint(2, 4))
        )
        for _ in range(count)
    ]


def words_of(queries: Sequence[Query], box: Box) -> list[str]:
    words = {word for query in queries for word in re.findall(r"[a-z]{3,}", query.text.casefold())}
    chosen = sorted(word for word in words if box.is_word(word))
    random.Random(1).shuffle(chosen)
    return chosen


def absent(box: Box, words: Sequence[str]) -> list[float]:
    """Return what the first WORDS words bring up that stand nowhere."""
    values: list[float] = []
    for word in words:
        best, is_shared = box.ask(word)
        if not is_shared:
            values.append(best)
        if len(values) == WORDS:
            break
    return values


def row(*cells: object) -> None:
    sys.stdout.write(f"| {' | '.join(str(cell) for cell in cells)} |\n")


def share(values: Sequence[float], floor: float) -> str:
    return f"{100 * sum(value >= floor for value in values) / max(1, len(values)):.1f} %"


def tell(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="of the question set")
    parser.add_argument("--foreign", type=Path, required=True, help="a set about other things")
    parser.add_argument("--work-dir", type=Path, required=True, help="where it is taken in")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="ask every Nth question")
    options = parser.parse_args()
    dataset, foreign = read_dataset(options.folder), read_dataset(options.foreign)
    queries = dataset.queries[:: options.every]
    others = foreign.queries[:: options.every]
    with open_box(options.folder, dataset, options.work_dir.resolve(), queries) as (box, columns):
        columns["questions of the other set"] = [box.ask(query.text)[0] for query in others]
        words = words_of(foreign.queries, box)
        columns["absent words"] = absent(box, words)
        columns["two of them"] = absent(box, list(map(" ".join, pairwise(words))))
        columns["made-up words"] = absent(box, made_up_words(2 * WORDS))
    row("at or above", *(f"{name} ({len(values):,})" for name, values in columns.items()))
    row(*["---"] * (1 + len(columns)))
    for floor in FLOORS:
        row(floor, *(share(values, floor) for values in columns.values()))


if __name__ == "__main__":
    main()
