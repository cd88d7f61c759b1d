"""Markdown as a tree of plain lists, ready to be laid out.

Blocks are `["paragraph", inlines]`, `["heading", level, inlines]`, `["code", text]`,
`["quote", blocks]`, `["bullets", items]`, `["numbers", start, items]`, `["table", columns,
cells]` and `["rule"]`; inlines are `["text", text]`, `["code", text]`, `["mark", text]`,
`["break"]` and `["strong" | "emph" | "strike", inlines]`. HTML becomes text, a link its text
and its address, a picture its description: nothing leads anywhere.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

_MAX_NESTING: Final = 20
_MAX_BLOCK_CHARACTERS: Final = 40_000
_MARK: Final = re.compile(r"(\[\d{1,6}\])")
_SPANS: Final = {"strong": "strong", "em": "emph", "s": "strike"}

Node = list[Any]


def blocks(text: str, marks: Collection[int] = ()) -> Iterator[tuple[Node, int]]:
    """Give each block of a Markdown text with its size in characters.

    `[n]` for n in `marks` becomes a mark. What is nested too deeply or is too long to be laid
    out at once is given as its source, in pieces.
    """
    parser = MarkdownIt("commonmark", {"maxNesting": _MAX_NESTING}).enable(
        ["table", "strikethrough"]
    )
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    tokens = parser.parse("\n".join(lines))
    if any(token.level >= _MAX_NESTING - 2 for token in _all(tokens)):
        yield from _source("\n".join(lines))
        return
    at = 0
    while at < len(tokens):
        end = _end(tokens, at)
        first, last = tokens[at].map or (0, 0)
        source = "\n".join(lines[first:last])
        if len(source) > _MAX_BLOCK_CHARACTERS:
            yield from _source(source)
        else:
            for node in _Reader(marks).read(tokens[at:end]):
                yield node, len(source)
        at = end


def _source(text: str) -> Iterator[tuple[Node, int]]:
    for start in range(0, len(text), _MAX_BLOCK_CHARACTERS // 4):
        piece = text[start : start + _MAX_BLOCK_CHARACTERS // 4]
        yield ["paragraph", [["text", piece]]], len(piece)


def _all(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from token.children or ()


def _end(tokens: Sequence[Token], at: int) -> int:
    """Return where the block that begins at `at` is over."""
    depth = 0
    while True:
        depth += tokens[at].nesting
        at += 1
        if depth == 0:
            return at


class _Reader:
    def __init__(self, marks: Collection[int]) -> None:
        self._marks = {f"[{n}]" for n in marks}

    def read(self, tokens: Sequence[Token]) -> list[Node]:
        """Return the blocks of these tokens."""
        found: list[Node] = []
        at = 0
        while at < len(tokens):
            end = _end(tokens, at)
            node = self._block(tokens[at:end])
            if node is not None:
                found.append(node)
            at = end
        return found

    def _block(self, tokens: Sequence[Token]) -> Node | None:
        first, inner = tokens[0], tokens[1:-1]
        match first.type:
            case "paragraph_open":
                return ["paragraph", self._inlines(inner[0].children or [])]
            case "heading_open":
                return ["heading", int(first.tag[1:]), self._inlines(inner[0].children or [])]
            case "fence" | "code_block":
                return ["code", first.content.rstrip("\n")]
            case "html_block":
                return ["paragraph", [["text", first.content]]]
            case "blockquote_open":
                return ["quote", self.read(inner)]
            case "bullet_list_open":
                return ["bullets", self._items(inner)]
            case "ordered_list_open":
                return ["numbers", int(first.attrs.get("start", 1)), self._items(inner)]
            case "table_open":
                return self._table(inner)
            case "hr":
                return ["rule"]
        return None

    def _items(self, tokens: Sequence[Token]) -> list[list[Node]]:
        found, at = [], 0
        while at < len(tokens):
            end = _end(tokens, at)
            found.append(self.read(tokens[at + 1 : end - 1]))
            at = end
        return found

    def _table(self, tokens: Sequence[Token]) -> Node:
        columns = sum(token.type == "th_open" for token in tokens)
        cells = [self._inlines(t.children or []) for t in tokens if t.type == "inline"]
        return ["table", max(columns, 1), cells]

    def _inlines(self, tokens: Sequence[Token]) -> list[Node]:
        found: list[Node] = []
        at = 0
        while at < len(tokens):
            end = _end(tokens, at)
            found += self._inline(tokens[at:end])
            at = end
        return found or [["text", ""]]

    def _inline(self, tokens: Sequence[Token]) -> list[Node]:
        first, inner = tokens[0], tokens[1:-1]
        match first.type:
            case "code_inline":
                return [["code", first.content]]
            case "softbreak":
                return [["text", " "]]
            case "hardbreak":
                return [["break"]]
            case "image":
                return [["text", f"[{first.content or 'image'}]"]]
            case "link_open":
                return self._link(str(first.attrs.get("href", "")), inner)
            case "strong_open" | "em_open" | "s_open":
                return [[_SPANS[first.type.removesuffix("_open")], self._inlines(inner)]]
        return [
            ["mark" if piece in self._marks else "text", piece]
            for piece in _MARK.split(first.content)
            if piece
        ]

    def _link(self, address: str, inner: Sequence[Token]) -> list[Node]:
        text = self._inlines(inner)
        if "".join(str(node[1]) for node in text if node[0] == "text") == address:
            return text
        return [*text, ["text", f" ({address})"]] if address else text
