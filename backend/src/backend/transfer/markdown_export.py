"""A conversation as Markdown: one branch, its citations as footnotes.

What people and models wrote stays Markdown, but no link in it leads anywhere, no picture is
fetched and no HTML does anything, whatever shows the file.
"""

import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from typing import Any, Final

from markdown_it import MarkdownIt

from backend.clock import utc_now
from backend.transfer import wording
from backend.transfer.transcript import Transcript, TranscriptMessage

_ACTIVE: Final = frozenset({"html_inline", "html_block", "link_open", "image", "definition"})
_CODE: Final = frozenset({"fence", "code_block"})
_BACKTICKS: Final = re.compile(r"`+")
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~&])")
_SUSPICIOUS: Final = re.compile(r"<|\][(:\[]")  # without these nothing is active
_MARK: Final = re.compile(r"\[(\d{1,6})\]")


def to_markdown(transcript: Transcript) -> Iterator[str]:
    """Give the pieces of the document."""
    conversation = transcript.conversation
    yield f"# {_escaped(conversation.title)}\n\n"
    yield (
        f"Begun {wording.moment(conversation.created_at)}, "
        f"last used {wording.moment(conversation.updated_at)}, "
        f"saved {wording.moment(utc_now())}.\n"
    )
    for number, message in enumerate(transcript.read(transcript.branch_ids), start=1):
        yield from _message(number, message)


def _message(number: int, message: TranscriptMessage) -> Iterator[str]:
    record = message.record
    yield f"\n---\n\n## {_escaped(wording.heading(record))}\n\n"
    for note in wording.notes(record):
        yield f"*{_escaped(note)}*\n\n"
    known = {citation["n"] for citation in message.citations}
    text = harmless(record.content.strip())
    if text:
        yield _with_footnotes(text, number, known) + "\n"
    for citation in message.citations:
        yield _footnote(number, citation)


def _with_footnotes(text: str, number: int, known: set[int]) -> str:
    def footnote(mark: re.Match[str]) -> str:
        n = int(mark[1])
        return f"[^{number}-{n}]" if n in known else mark[0]

    if not known or not _MARK.search(text):
        return text
    return "\n".join(
        line if is_code else _outside_code(line, lambda part: _MARK.sub(footnote, part))
        for line, is_code in _lines(text)
    )


def _footnote(number: int, citation: dict[str, Any]) -> str:
    quote = _escaped(" ".join(str(citation.get("quote", "")).split()))
    place = _escaped(wording.place(citation))
    return f"\n[^{number}-{citation['n']}]: “{quote}” — {place}\n"


def harmless(text: str) -> str:
    """Return Markdown that shows the same text and does nothing.

    Code stays as it is as far as a parser agrees that it is code; if anything is left that
    leads somewhere or is HTML, code is rewritten too.
    """
    if not _SUSPICIOUS.search(text):
        return text
    candidate = "\n".join(
        line if is_code else _outside_code(line, _defused) for line, is_code in _lines(text)
    )
    return candidate if _is_inert(candidate) else _defused(text)


def _defused(text: str) -> str:
    text = text.replace("<", "&lt;")
    return text.replace("](", "]\\(").replace("][", "]\\[").replace("]:", "]\\:")


def _is_inert(text: str) -> bool:
    environment: dict[str, Any] = {}
    tokens = MarkdownIt("commonmark").parse(text, environment)
    kinds = {token.type for token in tokens}
    for token in tokens:
        kinds.update(child.type for child in token.children or ())
    return not kinds & _ACTIVE and not environment.get("references")


def _lines(text: str) -> Iterator[tuple[str, bool]]:
    """Give each line and whether it belongs to a block of code."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    in_code: set[int] = set()
    for token in MarkdownIt("commonmark").parse("\n".join(lines)):
        if token.type in _CODE and token.map:
            in_code.update(range(*token.map))
    return ((line, number in in_code) for number, line in enumerate(lines))


def _outside_code(line: str, change: Callable[[str], str]) -> str:
    parts, at = [], 0
    for start, end in _code_spans(line):
        parts += [change(line[at:start]), line[start:end]]
        at = end
    return "".join([*parts, change(line[at:])])


def _code_spans(line: str) -> Iterator[tuple[int, int]]:
    """Give start and end of each code span: a run of backticks to the next one as long."""
    runs = [run.span() for run in _BACKTICKS.finditer(line)]
    starts: dict[int, deque[int]] = defaultdict(deque)
    for start, end in runs:
        starts[end - start].append(start)
    done = 0
    for start, end in runs:
        same = starts[end - start]
        while same and same[0] <= start:
            same.popleft()
        is_escaped = start > 0 and line[start - 1] == "\\"
        if start >= done and same and not is_escaped:
            done = same[0] + end - start
            yield start, done


def _escaped(text: str) -> str:
    """Return text that Markdown shows letter by letter, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
