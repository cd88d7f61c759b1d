"""Citation marks in an answer: `[1]`, `[1, 2]`, `[1][2]`."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from backend.chat.wording import content_words, one_line

# What is found first at a place wins, so that marks inside code and maths are passed over.
# The lengths are bounded lest a stray backtick or dollar make the search quadratic.
_TOKEN: Final = re.compile(
    r"""
      ^[ ]{0,3}(?P<fence>`{3,}|~{3,})[^\n]*\n (?: .*? ^[ ]{0,3}(?P=fence)[`~]*[ ]*$ | .*\Z )
    | (?P<ticks>(?<!`)`+(?!`)) .{1,1000}? (?<!`)(?P=ticks)(?!`)
    | \$\$ .{1,2000}? \$\$
    | \$(?=[^\s$]) [^$\n]{0,500}? (?<=[^\s\\])\$(?!\d)
    | \\\( .{1,1000}? \\\)
    | \\\[ .{1,2000}? \\\]
    | \\.
    | (?P<mark> \[ [ ]* [0-9]{1,3} (?: [ ]*,[ ]* [0-9]{1,3} )* [ ]* \] (?!\() )
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
_NUMBER: Final = re.compile(r"[0-9]+")
_ANY_MARK: Final = re.compile(r"\[[0-9, ]+\]")
_TRAILING_MARKS: Final = re.compile(r"(?:\s*\[[0-9, ]+\])+[\s,;]*\Z")
# The end of a sentence with more text behind it; marks may follow the full stop.
_SENTENCE_END: Final = re.compile(
    r"[.!?…。！？]+[\"”’')\]*_]*(?:\s*\[[0-9, ]+\])*(?:\s+|(?<=[。！？]))"
)
_MIN_CLAIM_WORDS: Final = 2


@dataclass(frozen=True, slots=True)
class Mark:
    """One pair of brackets: its code point offsets and the numbers in it."""

    start: int
    end: int
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """What the text says about one cited passage."""

    number: int
    text: str


def find_marks(text: str) -> list[Mark]:
    """Return the marks in reading order; those in code, maths or behind a backslash are none."""
    return [
        Mark(found.start(), found.end(), tuple(map(int, _NUMBER.findall(found["mark"]))))
        for found in _TOKEN.finditer(text)
        if found["mark"] is not None
    ]


def remove_unknown(text: str, known: Collection[int]) -> tuple[str, list[int]]:
    """Return the text without numbers that are not in `known`, and those numbers."""
    pieces: list[str] = []
    unknown: list[int] = []
    done = 0
    for mark in find_marks(text):
        wrong = [number for number in mark.numbers if number not in known]
        if not wrong:
            continue
        unknown += wrong
        before = text[done : mark.start]
        right = [str(number) for number in mark.numbers if number in known]
        if right:
            pieces += [before, f"[{', '.join(right)}]"]
        else:
            pieces.append(before.rstrip(" "))
        done = mark.end
    return "".join(pieces) + text[done:], unknown


def find_claims(text: str) -> list[Claim]:
    """Return, for every number of every mark, the statement it stands behind."""
    claims = []
    for mark in find_marks(text):
        claim = _claim_before(text[: mark.start])
        claims += [Claim(number, claim) for number in dict.fromkeys(mark.numbers)]
    return claims


def _claim_before(prefix: str) -> str:
    prefix = _TRAILING_MARKS.sub("", prefix).rstrip()
    line = prefix[prefix.rfind("\n") + 1 :]
    if line.endswith("”") and (opening := line.rfind("“")) >= 0:
        return line[opening + 1 : -1]
    ends = [found.end() for found in _SENTENCE_END.finditer(line)]
    sentence = line[ends[-1] :] if ends else line
    marks = list(_ANY_MARK.finditer(sentence))
    if marks and len(content_words(sentence[marks[-1].end() :])) >= _MIN_CLAIM_WORDS:
        sentence = sentence[marks[-1].end() :]
    return one_line(_ANY_MARK.sub(" ", sentence))
