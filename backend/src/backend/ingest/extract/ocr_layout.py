"""Puts recognised lines into reading order and gives every character its place."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.ingest.extract.layout import Boxes

# Lines that share this much of the lower one's height stand in one row.
_MIN_SHARED = 0.5
# Pieces of a row further apart than this many heights are columns of a table.
_COLUMN_GAP = 1.5
# A row this many heights beneath the one before begins a paragraph.
_PARAGRAPH_GAP = 0.8
# Columns of prose: lines of a side fill this much of it, and few lines cross the gutter.
_MIN_FILLED = 0.7
_MAX_CROSSING = 0.3
_MIN_COLUMN_LINES = 8


@dataclass(frozen=True, slots=True)
class TextLine:
    """A recognised line. `corners` has shape (4, 2): x and y as fractions of the picture,
    clockwise from the top left. `aspect` is the picture's width by its height."""

    text: str
    corners: NDArray[np.float32]
    aspect: float

    @property
    def left(self) -> float:
        return float(self.corners[:, 0].min())

    @property
    def right(self) -> float:
        return float(self.corners[:, 0].max())

    @property
    def top(self) -> float:
        return float(self.corners[:, 1].min())

    @property
    def bottom(self) -> float:
        return float(self.corners[:, 1].max())

    @property
    def height(self) -> float:
        return self.bottom - self.top

    def character_boxes(self) -> Boxes:
        """Return a box for each character, as if all were equally wide."""
        top_left, top_right, bottom_right, bottom_left = self.corners
        # Text that runs down the page stands in a high, narrow box.
        if len(self.text) > 2 and self.height > 1.5 * (self.right - self.left) * self.aspect:
            begin, end = (top_left, top_right), (bottom_left, bottom_right)
        else:
            begin, end = (top_left, bottom_left), (top_right, bottom_right)
        steps = np.linspace(0, 1, len(self.text) + 1, dtype=np.float32)[:, None]
        sides = np.stack([a + (b - a) * steps for a, b in zip(begin, end, strict=True)])
        points = np.concatenate([sides[:, :-1], sides[:, 1:]])  # 4 corners, n characters, x y
        boxes = np.concatenate([points.min(0), points.max(0)], axis=1)
        boxes[[character.isspace() for character in self.text]] = np.nan
        return boxes


def arrange(lines: list[TextLine]) -> tuple[str, Boxes]:
    """Return the text, rows on lines of their own, and a box for every character."""
    texts: list[str] = []
    boxes: list[Boxes] = []

    def add_gap(gap: str) -> None:
        texts.append(gap)
        boxes.append(np.full((len(gap), 4), np.nan, np.float32))

    previous: list[TextLine] = []
    for row in (row for block in _blocks(lines) for row in _rows(block)):
        if previous:
            add_gap("\n\n" if _opens_paragraph(previous, row) else "\n")
        for index, line in enumerate(row):
            if index:
                gap = (line.left - row[index - 1].right) * line.aspect
                add_gap("\t" if gap > _COLUMN_GAP * line.height else " ")
            texts.append(line.text)
            boxes.append(line.character_boxes())
        previous = row
    if not boxes:
        return "", np.full((0, 4), np.nan, np.float32)
    return "".join(texts), np.concatenate(boxes)


def _rows(lines: list[TextLine]) -> list[list[TextLine]]:
    """Return the rows from top to bottom, each from left to right."""
    rows: list[list[TextLine]] = []
    for line in sorted(lines, key=lambda line: line.top + line.bottom):
        if rows and _shares_row(rows[-1][-1], line):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda line: line.left) for row in rows]


def _shares_row(one: TextLine, two: TextLine) -> bool:
    shared = min(one.bottom, two.bottom) - max(one.top, two.top)
    return shared >= _MIN_SHARED * min(one.height, two.height)


def _opens_paragraph(above: list[TextLine], row: list[TextLine]) -> bool:
    gap = min(line.top for line in row) - max(line.bottom for line in above)
    height = min(line.height for line in row)
    return gap > _PARAGRAPH_GAP * height or gap < -height


def _blocks(lines: list[TextLine]) -> list[list[TextLine]]:
    """Return groups of lines to be read one after the other: columns of prose, if any."""
    gutter = _gutter(lines)
    if gutter is None:
        return [lines]
    blocks: list[list[TextLine]] = []
    left: list[TextLine] = []
    right: list[TextLine] = []
    for line in sorted(lines, key=lambda line: line.top):
        if line.right <= gutter:
            left.append(line)
        elif line.left >= gutter:
            right.append(line)
        else:
            blocks += [left, right, [line]]
            left, right = [], []
    return [block for block in (*blocks, left, right) if block]


def _gutter(lines: list[TextLine]) -> float | None:
    """Return where, from the left, a page of two columns is divided."""
    if len(lines) < 2 * _MIN_COLUMN_LINES:
        return None
    lefts = np.array([line.left for line in lines])
    rights = np.array([line.right for line in lines])
    places = np.linspace(0.3, 0.7, 81)
    crossing = ((lefts[:, None] < places) & (rights[:, None] > places)).sum(0)
    gutter = float(np.median(places[crossing == crossing.min()]))
    if crossing.min() > _MAX_CROSSING * len(lines):
        return None
    for side in (rights <= gutter, lefts >= gutter):
        if side.sum() < _MIN_COLUMN_LINES:
            return None
        extent = rights[side].max() - lefts[side].min()
        if np.median(rights[side] - lefts[side]) < _MIN_FILLED * extent:
            return None
    return gutter
