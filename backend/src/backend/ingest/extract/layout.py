"""The places of a page's characters: packed for the row, merged into boxes to be marked.

Boxes are rows of left, top, right, bottom as fractions of the displayed page, origin top
left; NaN where a character has no place. 1/65535 of a page is 0.005 mm on A4.
"""

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float32]

_SCALE = 65_535
_COMPRESSION_LEVEL = 1

# Neighbours on one line share at least this part of the smaller one's height.
_MIN_SHARED = 0.5
# They lie at most this many heights apart; columns lie further apart than words. On a line
# that runs down the page they nearly touch: two lines of ordinary text do not.
_MAX_GAPS = (2.0, 0.1)


@dataclass(frozen=True, slots=True)
class HighlightBox:
    """A rectangle to be marked, in fractions of the displayed page."""

    x: float
    y: float
    width: float
    height: float


def pack_boxes(boxes: Boxes) -> bytes:
    """Return boxes of shape (n, 4) as bytes: a bit for each that is there, then columns."""
    present = ~np.isnan(boxes[:, 0])
    values = np.rint(np.clip(boxes[present], 0, 1) * _SCALE).astype(np.int32)
    # Neighbouring characters differ little: the differences compress well. A right edge is
    # stored as a width and a bottom as a height for the same reason.
    values[:, 2:] -= values[:, :2]
    differences = np.diff(values, axis=0, prepend=np.zeros((1, 4), np.int32))
    columns = np.ascontiguousarray(differences.astype("<u2").T)
    head = len(boxes).to_bytes(4, "little")
    return head + zlib.compress(
        np.packbits(present).tobytes() + columns.tobytes(), _COMPRESSION_LEVEL
    )


def unpack_boxes(data: bytes) -> Boxes:
    """Return what `pack_boxes` was given, to the nearest 1/65535."""
    count = int.from_bytes(data[:4], "little")
    body = np.frombuffer(zlib.decompress(data[4:]), np.uint8)
    mask_bytes = (count + 7) // 8
    present = np.unpackbits(body[:mask_bytes], count=count).astype(bool)
    columns = body[mask_bytes:].view("<u2").reshape(4, -1)
    values = np.cumsum(columns, axis=1, dtype=np.uint16).astype(np.float32)  # wraps around
    values[2:] += values[:2]
    boxes = np.full((count, 4), np.nan, np.float32)
    boxes[present] = values.T / _SCALE
    return boxes


def highlight_boxes(boxes: Boxes, start: int, end: int) -> list[HighlightBox]:
    """Return the rectangles that cover the characters `start` to `end`, one a line of text."""
    merged: list[list[float]] = []
    previous: list[float] | None = None
    for box in boxes[max(start, 0) : end].tolist():
        if box[0] != box[0]:  # NaN: a space has no place of its own
            continue
        if previous and (_on_one_line(previous, box, 0) or _on_one_line(previous, box, 1)):
            last = merged[-1]
            last[:2] = min(last[0], box[0]), min(last[1], box[1])
            last[2:] = max(last[2], box[2]), max(last[3], box[3])
        else:
            merged.append(list(box))
        previous = box
    return [HighlightBox(x, y, right - x, bottom - y) for x, y, right, bottom in merged]


def _on_one_line(one: list[float], two: list[float], along: int) -> bool:
    """Return whether two characters are neighbours on a line along x (0) or y (1)."""
    across = 1 - along
    size = min(one[across + 2] - one[across], two[across + 2] - two[across])
    shared = min(one[across + 2], two[across + 2]) - max(one[across], two[across])
    gap = max(one[along], two[along]) - min(one[along + 2], two[along + 2])
    return size > 0 and shared >= _MIN_SHARED * size and gap <= _MAX_GAPS[along] * size
