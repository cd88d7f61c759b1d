"""Claims paired with passages that carry them and passages that do not.

`claims/development.txt` is for choosing thresholds, `claims/held_out.txt` only for
measuring. A block begins with `# title (language)`; then come the passage's sentences, the
claims that it carries (`+`) and those that it does not (`-kind`). Further pairs are made
from these by rule: sentences as they stand and cut short, figures changed, claims beside
another passage.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DEVELOPMENT = Path(__file__).parent / "claims" / "development.txt"
HELD_OUT = Path(__file__).parent / "claims" / "held_out.txt"

_FIRST_NUMBER = re.compile(r"\d+")
_MIN_TRIMMED_WORDS = 6


@dataclass(frozen=True, slots=True)
class Pair:
    """`kind` is `verbatim`, `trimmed`, `paraphrase`, `figure changed`, `number`, `name`,
    `negation`, `meaning` or `wrong passage`."""

    title: str
    sentences: tuple[str, ...]
    claim: str
    kind: str
    is_carried: bool


@dataclass(slots=True)
class _Block:
    title: str
    sentences: list[str]
    carried: list[str]
    others: list[tuple[str, str]]


def load_pairs(path: Path) -> list[Pair]:
    """Return the pairs of a file, in its order."""
    blocks = list(_blocks(path.read_text(encoding="utf-8")))
    return [
        pair
        for block, other in zip(blocks, [*blocks[1:], blocks[0]], strict=True)
        for pair in _pairs(block, other)
    ]


def _blocks(text: str) -> Iterator[_Block]:
    for part in re.split(r"^# ", text, flags=re.MULTILINE)[1:]:
        title, *lines = part.strip().splitlines()
        block = _Block(title, [], [], [])
        for line in lines:
            if line.startswith("+ "):
                block.carried.append(line[2:])
            elif line.startswith("-"):
                kind, _, claim = line[1:].partition(" ")
                block.others.append((kind, claim))
            else:
                block.sentences.append(line)
        yield block


def _pairs(block: _Block, other: _Block) -> Iterator[Pair]:
    sentences = tuple(block.sentences)
    for sentence in sentences:
        yield Pair(block.title, sentences, sentence, "verbatim", True)
        head, comma, _ = sentence.rpartition(", ")
        if comma and len(head.split()) >= _MIN_TRIMMED_WORDS:
            yield Pair(block.title, sentences, f"{head}.", "trimmed", True)
        if changed := with_changed_figure(sentence):
            yield Pair(block.title, sentences, changed, "figure changed", False)
    for claim in block.carried:
        yield Pair(block.title, sentences, claim, "paraphrase", True)
        yield Pair(block.title, tuple(other.sentences), claim, "wrong passage", False)
    for kind, claim in block.others:
        yield Pair(block.title, sentences, claim, kind, False)


def with_changed_figure(sentence: str) -> str | None:
    """Return the sentence with another last digit in its first number, if it has one."""
    number = _FIRST_NUMBER.search(sentence)
    if number is None:
        return None
    digits = number[0]
    changed = digits[:-1] + str((int(digits[-1]) + 3) % 10)
    return sentence[: number.start()] + changed + sentence[number.end() :]
