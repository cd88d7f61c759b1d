"""PDF, read by PDFium: the text with the place of every character."""

import ctypes
import logging
from collections import deque
from collections.abc import Iterator
from functools import cache
from itertools import repeat
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.errors import DocumentEncrypted, DocumentUnreadable
from backend.ingest.extract import pdf_lines
from backend.ingest.extract.base import ExtractedPage, Extraction, Extractor
from backend.ingest.extract.formats import PDF
from backend.ingest.extract.ocr import DOTS_PER_INCH, MAX_PIXELS, OcrEngine

logger = logging.getLogger(__name__)

_LINE_FEED, _CARRIAGE_RETURN, _SOFT_HYPHEN = 0x0A, 0x0D, 0xAD
_BYTE_ORDER_MARK = 0xFEFF
# PDFium puts this in place of a hyphen that ends a line, and leaves out the line end.
_TORN_WORD = 0x02
_POINTS_PER_INCH = 72
_PAGES_PER_OPENING = 500
_BOX_BYTES = 16  # four float32: left, top, right, bottom


class PdfExtractor(Extractor):
    """`ocr_engine` reads the pages without a text layer; None leaves them empty."""

    media_types = frozenset({PDF})

    def __init__(self, ocr_engine: OcrEngine | None = None) -> None:
        self._ocr_engine = ocr_engine

    def open(self, path: Path, media_type: str) -> Extraction:
        import pypdfium2  # type: ignore[import-untyped]
        from pypdfium2.raw import (  # type: ignore[import-untyped]
            FPDF_ERR_PASSWORD,
            FPDF_ERR_SECURITY,
        )

        try:
            document = pypdfium2.PdfDocument(path)
        except pypdfium2.PdfiumError as error:
            if error.err_code in (FPDF_ERR_PASSWORD, FPDF_ERR_SECURITY):
                raise DocumentEncrypted from None
            raise DocumentUnreadable from error
        if len(document) == 0:
            document.close()
            raise DocumentUnreadable("This PDF has no pages.")
        return PdfExtraction(path, document, self._ocr_engine)


class PdfExtraction(Extraction):
    """An opened PDF. PDFium is not thread-safe: use it from one thread at a time.

    PDFium keeps every object that it has read, so the file at `path` is opened again now and
    then.
    """

    def __init__(self, path: Path, document: Any, ocr_engine: OcrEngine | None) -> None:
        self._path = path
        self._document = document
        self._ocr_engine = ocr_engine
        self.page_count = len(document)

    def pages(self, first: int = 1) -> Iterator[ExtractedPage]:
        import pypdfium2

        for number in range(first, self.page_count + 1):
            if number > first and (number - first) % _PAGES_PER_OPENING == 0:
                self._document.close()
                self._document = pypdfium2.PdfDocument(self._path)
            try:
                page = self._document[number - 1]
            except pypdfium2.PdfiumError:
                # One damaged page must not lose the others.
                logger.warning("page could not be read", extra={"page": number})
                yield ExtractedPage(number, "")
                continue
            try:
                extracted = _extract(page, number)
                if self._ocr_engine is not None and _is_picture(page, extracted):
                    extracted = _recognise(page, number, self._ocr_engine)
                yield extracted
            finally:
                page.close()

    def close(self) -> None:
        self._document.close()


def _is_picture(page: Any, extracted: ExtractedPage) -> bool:
    """Return whether a page shows something but has no text."""
    from pypdfium2 import raw

    return not extracted.text.strip() and raw.FPDFPage_CountObjects(page.raw) > 0


def _recognise(page: Any, number: int, ocr_engine: OcrEngine) -> ExtractedPage:
    import pypdfium2

    width, height = page.get_size()
    scale = min(DOTS_PER_INCH / _POINTS_PER_INCH, (MAX_PIXELS / (width * height or 1)) ** 0.5)
    try:
        bitmap = page.render(scale=scale, rev_byteorder=False, prefer_bgrx=False)
    except (pypdfium2.PdfiumError, ValueError):
        logger.warning("page could not be rendered", extra={"page": number})
        return ExtractedPage(number, "", width, height)
    try:
        pixels = bitmap.to_numpy()
        if pixels.ndim == 2 or pixels.shape[2] == 1:
            pixels = np.repeat(pixels.reshape(*pixels.shape[:2], 1), 3, axis=2)
        text, boxes = ocr_engine.read(np.ascontiguousarray(pixels[:, :, :3]))
    finally:
        bitmap.close()
    return ExtractedPage(number, text, width, height, boxes, is_ocr=True)


class _TextFunctions(NamedTuple):
    """PDFium's functions as plain C calls, four times as fast as through pypdfium2's types."""

    get_unicode: Any
    get_loose_char_box: Any


@cache
def _text_functions() -> _TextFunctions:
    from pypdfium2 import raw

    def address(function: Any) -> int:
        return ctypes.cast(function, ctypes.c_void_p).value or 0

    pointer, integer = ctypes.c_void_p, ctypes.c_int
    get_unicode = ctypes.CFUNCTYPE(ctypes.c_uint, pointer, integer)
    get_box = ctypes.CFUNCTYPE(integer, pointer, integer, pointer)
    return _TextFunctions(
        get_unicode(address(raw.FPDFText_GetUnicode)),
        get_box(address(raw.FPDFText_GetLooseCharBox)),
    )


def _extract(page: Any, number: int) -> ExtractedPage:
    import pypdfium2

    width, height = page.get_size()
    try:
        text_page = page.get_textpage()
    except pypdfium2.PdfiumError:
        logger.warning("page's text could not be read", extra={"page": number})
        return ExtractedPage(number, "", width, height)
    try:
        codes, boxes = _read_characters(text_page)
    finally:
        text_page.close()
    codes, boxes = _clean(codes, boxes)
    boxes = _as_displayed(boxes, page.get_bbox(), page.get_rotation())
    boxes[_IS_SPACE[np.minimum(codes, len(_IS_SPACE) - 1)]] = np.nan
    text, boxes, headings = pdf_lines.arrange(codes, boxes, width, height)
    return ExtractedPage(number, text, width, height, boxes, headings)


def _read_characters(text_page: Any) -> tuple[NDArray[np.uint32], NDArray[np.float32]]:
    """Return every character's code, shape (n,), and box in PDF coordinates, shape (n, 4).

    Read one by one, because the text that PDFium gives in one piece leaves some out.
    """
    get_unicode, get_box = _text_functions()
    count = text_page.count_chars()
    handle = ctypes.cast(text_page.raw, ctypes.c_void_p).value
    codes = np.fromiter(map(get_unicode, repeat(handle), range(count)), np.uint32, count)
    boxes = np.full((count, 4), np.nan, np.float32)
    first = boxes.ctypes.data
    addresses = range(first, first + _BOX_BYTES * count, _BOX_BYTES)
    deque(map(get_box, repeat(handle), range(count), addresses), maxlen=0)
    return codes, boxes


# By code point; the last entry, which stands for all that follow, is no space.
_IS_SPACE = np.array([chr(code).isspace() for code in range(0x3002)])


def _clean(
    codes: NDArray[np.uint32], boxes: NDArray[np.float32]
) -> tuple[NDArray[np.uint32], NDArray[np.float32]]:
    """Join surrogates and torn words; drop what is no character."""
    if ((codes >= 0xD800) & (codes <= 0xDFFF)).any():
        codes = _join_surrogates(codes)
    codes = np.where((codes == _CARRIAGE_RETURN) | (codes > 0x10FFFF), 0, codes)
    for index in np.flatnonzero((codes == _TORN_WORD) | (codes == _SOFT_HYPHEN)).tolist():
        _mend(codes, index)
    keep = (codes >= 0x20) | (codes == _LINE_FEED) | (codes == 0x09)
    keep &= (codes < 0x7F) | (codes >= 0xA0)
    keep &= (codes != _SOFT_HYPHEN) & (codes != _BYTE_ORDER_MARK)
    keep &= (codes < 0xD800) | (codes > 0xDFFF)
    return codes[keep], boxes[keep]


def _mend(codes: NDArray[np.uint32], index: int) -> None:
    """Join the word that was torn at `index`, where a line ends; elsewhere drop the mark."""
    following = index + 1
    while following < len(codes) and codes[following] in (0, _LINE_FEED):
        following += 1
    is_line_end = codes[index] == _TORN_WORD or (codes[index + 1 : following] != 0).any()
    goes_on_small = following < len(codes) and chr(codes[following]).islower()
    codes[index] = ord("-") if is_line_end and not goes_on_small else 0
    if is_line_end:
        codes[index + 1 : following] = 0


def _join_surrogates(codes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Put each pair's character in its first place and NUL in its second."""
    codes = codes.copy()
    high = (codes[:-1] >= 0xD800) & (codes[:-1] <= 0xDBFF)
    low = (codes[1:] >= 0xDC00) & (codes[1:] <= 0xDFFF)
    first = np.flatnonzero(high & low)
    codes[first] = 0x10000 + ((codes[first] - 0xD800) << 10) + (codes[first + 1] - 0xDC00)
    codes[first + 1] = 0
    return codes


def _as_displayed(
    boxes: NDArray[np.float32], crop: tuple[float, float, float, float], rotation: int
) -> NDArray[np.float32]:
    """Turn PDF coordinates (origin bottom left) into fractions of the page as displayed.

    `crop` is the visible part (left, bottom, right, top); `rotation` is clockwise.
    """
    left, bottom, right, top = crop
    x = (boxes[:, [0, 2]] - left) / (right - left or 1)
    y = (top - boxes[:, [1, 3]]) / (top - bottom or 1)
    if rotation == 90:
        x, y = 1 - y, x
    elif rotation == 180:
        x, y = 1 - x, 1 - y
    elif rotation == 270:
        x, y = y, 1 - x
    placed = np.stack([x.min(1), y.min(1), x.max(1), y.max(1)], axis=1).clip(0, 1)
    is_empty = (placed[:, 2] <= placed[:, 0]) | (placed[:, 3] <= placed[:, 1])
    placed[is_empty] = np.nan
    return placed.astype(np.float32)
