"""What the places of characters tell about a page: paragraphs and headings."""

import numpy as np
from numpy.typing import NDArray

from backend.ingest.extract.base import Heading

# A line this much further down than usual begins a paragraph.
_PARAGRAPH_PITCH = 1.3
# Letters this much higher than the page's usual ones make a heading.
_HEADING_SCALE = 1.15
_MAX_HEADING_CHARACTERS = 150
_LINE_FEED = 0x0A


def arrange(
    codes: NDArray[np.uint32], boxes: NDArray[np.float32], width: float, height: float
) -> tuple[str, NDArray[np.float32], tuple[Heading, ...]]:
    """Return the text with a blank line between paragraphs, its boxes and its headings.

    `boxes` are fractions of a page of `width` × `height`. PDFium gives lines but no
    paragraphs: these are seen by the distance of lines, headings by the size of letters.
    """
    if np.isnan(boxes).all():
        return _decode(codes), boxes, ()
    feeds = np.flatnonzero(codes == _LINE_FEED)
    starts = np.concatenate(([0], feeds + 1))
    starts = starts[starts < len(codes)]
    size = np.array([width, height, width, height], np.float32)
    points = boxes * size
    # Line by line: the letters' mean height and the outline. NaN for an empty line.
    heights = points[:, 3] - points[:, 1]
    counts = np.add.reduceat((~np.isnan(heights)).astype(np.float32), starts)
    sums = np.add.reduceat(np.nan_to_num(heights), starts)
    letters = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
    left, top = (np.fmin.reduceat(points[:, side], starts) for side in (0, 1))
    right, bottom = (np.fmax.reduceat(points[:, side], starts) for side in (2, 3))
    is_level = (right - left >= bottom - top) | (counts < 3)

    usual = float(np.nanmedian(heights))
    is_heading = is_level & (letters >= _HEADING_SCALE * usual)
    pitch = np.diff(bottom)
    with np.errstate(invalid="ignore"):
        beneath = pitch[(pitch > 0) & (pitch < 4 * usual)]
        usual_pitch = float(np.median(beneath)) if len(beneath) else usual
        opens = (pitch > _PARAGRAPH_PITCH * usual_pitch) | (is_heading[1:] != is_heading[:-1])
    opens = np.concatenate(([False], opens & is_level[1:]))
    breaks = starts[opens]
    codes = np.insert(codes, breaks, _LINE_FEED)
    boxes = np.insert(boxes, breaks, np.nan, axis=0)
    text = _decode(codes)
    starts = starts + np.cumsum(opens)  # each blank line moves what follows it by one
    return text, boxes, _headings(text, starts, is_heading, opens)


def _headings(
    text: str,
    starts: NDArray[np.intp],
    is_heading: NDArray[np.bool_],
    opens: NDArray[np.bool_],
) -> tuple[Heading, ...]:
    """Return the headings; lines that follow each other without a break are one heading."""
    headings: list[Heading] = []
    for index in np.flatnonzero(is_heading).tolist():
        start = int(starts[index])
        if index and is_heading[index - 1] and not opens[index]:
            start = headings.pop().start
        end = text.find("\n", int(starts[index]))
        end = end if end >= 0 else len(text)
        headings.append(Heading(start, end, " ".join(text[start:end].split())))
    return tuple(
        heading
        for heading in headings
        if len(heading.text) <= _MAX_HEADING_CHARACTERS and any(map(str.isalpha, heading.text))
    )


def _decode(codes: NDArray[np.uint32]) -> str:
    return codes.astype("<u4").tobytes().decode("utf-32-le")
