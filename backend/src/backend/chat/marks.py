"""Citation marks in an answer: `[1]`, `[1, 2]`, `[1][2]`."""

import re
from bisect import bisect_left
from collections.abc import Collection, Sequence
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
    | \[ (?: [^\[\]\n] | \[[^\[\]\n]{0,80}\] ){1,300} \]\( [^()\s]{0,500} \)  # a link
    | https?://[^\s<>]{1,500}
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
_MARK_FOLLOWS: Final = re.compile(r"\s*\[[0-9, ]+\]")
_LINE: Final = re.compile(r"[^\n]+")
_NO_PROSE: Final = re.compile(
    r"\s{0,3}(?:#|\||>|-{3,}|={3,}|\*{3,}|\[)|\s*$|.*\|.*\|| {4,}(?![-*+]|\d)"
)
_CLOSING: Final = re.compile(r"[.!?…。！？:;,]*[\"”’')*_]*\Z")
_EMPHASIS: Final = re.compile(r"\*\*|__|(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)")
_ESCAPED: Final = re.compile(r"\\([!-/:-@\[-`{-~])")
_MIN_CLAIM_WORDS: Final = 2
_MAX_CLAIM_CHARACTERS: Final = 3_000  # bounds the time that an endless line takes
_MIN_UNMARKED_WORDS: Final = 3


@dataclass(frozen=True, slots=True)
class Mark:
    """One pair of brackets: its code point offsets and the numbers in it."""

    start: int
    end: int
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Unmarked:
    """A statement without a mark, and where in the text one would stand."""

    text: str
    mark_at: int


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
        claim = _claim_before(text[max(0, mark.start - _MAX_CLAIM_CHARACTERS) : mark.start])
        claims += [Claim(number, claim) for number in dict.fromkeys(mark.numbers)]
    return claims


def find_unmarked(text: str) -> list[Unmarked]:
    """Return the sentences of prose and lists that have no mark.

    Headings, tables, questions, what introduces a list, and sentences with code, maths or
    links in them are left out. A quote with a mark behind it is one sentence, whatever full
    stops it has.
    """
    tokens = list(_TOKEN.finditer(text))  # in order, none within another
    starts = [token.start() for token in tokens]
    quotes = _marked_quotes(text, tokens)
    found: list[Unmarked] = []
    for line in _LINE.finditer(text):
        if _NO_PROSE.match(line[0]):
            continue
        start = line.start()
        ends = [
            end.end()
            for end in _SENTENCE_END.finditer(text, start, line.end())
            if not _is_within(quotes, end.start(), end.end())
        ]
        for end in [*ends, line.end()]:
            is_marked = _MARK_FOLLOWS.match(text, end) is not None
            before_end = bisect_left(starts, end)
            has_token = before_end > 0 and tokens[before_end - 1].end() > start
            if not is_marked and not has_token:
                found += _unmarked(text, start, end)
            start = end
    return found


def add_marks(text: str, numbers: Sequence[tuple[int, int]]) -> str:
    """Return the text with marks put in; `numbers` are (offset, number) in ascending order."""
    pieces, done = [], 0
    for offset, number in numbers:
        pieces += [text[done:offset], f" [{number}]"]
        done = offset
    return "".join(pieces) + text[done:]


def _marked_quotes(text: str, tokens: Sequence[re.Match[str]]) -> list[tuple[int, int]]:
    """Return the offsets, in order, of the quotes that have a mark behind them."""
    quotes = []
    after = 0  # the mark before
    for token in tokens:
        if token["mark"] is None:
            continue
        start = max(after, text.rfind("\n", after, token.start()) + 1)
        between = text[start : token.start()].rstrip()
        if between.endswith("”") and (opening := _opening_quote(between)) >= 0:
            quotes.append((start + opening, start + len(between)))
        after = token.end()
    return quotes


def _is_within(quotes: Sequence[tuple[int, int]], start: int, end: int) -> bool:
    before = bisect_left(quotes, (start, 0))
    return before > 0 and end < quotes[before - 1][1]


def _unmarked(text: str, start: int, end: int) -> list[Unmarked]:
    sentence = text[start:end].rstrip()
    closing = _CLOSING.search(sentence)
    if closing is None or "?" in closing[0] or closing[0].startswith(":"):
        return []
    claim = _statement(sentence)
    if len(claim) > _MAX_CLAIM_CHARACTERS or len(content_words(claim)) < _MIN_UNMARKED_WORDS:
        return []
    # Behind a closing quotation mark, but before a full stop.
    at = start + closing.start() if closing[0].strip(".!…") == "" else start + len(sentence)
    return [Unmarked(claim, at)]


def _statement(text: str) -> str:
    """Return what a piece of Markdown says, on one line, without marks and emphasis."""
    text = _ESCAPED.sub(r"\1", _EMPHASIS.sub("", _ANY_MARK.sub(" ", text)))
    return one_line(text)


def _opening_quote(line: str) -> int:
    """Return where the quote begins that ends the line, -1 if nowhere.

    A quote may hold others: one that opens right behind the mark before is the whole of it.
    """
    marks = list(_ANY_MARK.finditer(line))
    after = marks[-1].end() if marks else 0
    start = len(line) - len(line[after:].lstrip())
    return start if line.startswith("“", start) else line.rfind("“")


def _claim_before(prefix: str) -> str:
    prefix = _TRAILING_MARKS.sub("", prefix).rstrip()
    line = prefix[prefix.rfind("\n") + 1 :]
    if line.endswith("”") and (opening := _opening_quote(line)) >= 0:
        return _ESCAPED.sub(r"\1", line[opening + 1 : -1])
    ends = [found.end() for found in _SENTENCE_END.finditer(line)]
    sentence = line[ends[-1] :] if ends else line
    marks = list(_ANY_MARK.finditer(sentence))
    if marks and len(content_words(sentence[marks[-1].end() :])) >= _MIN_CLAIM_WORDS:
        sentence = sentence[marks[-1].end() :]
    return _statement(sentence)
