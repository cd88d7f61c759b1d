"""PDF: text, and places that are exact on the page as it is displayed."""

import logging
from collections.abc import Callable
from math import ceil, floor
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from numpy.typing import NDArray

from backend.errors import DocumentEncrypted, DocumentUnreadable
from backend.ingest.extract.base import ExtractedPage
from backend.ingest.extract.layout import HighlightBox, highlight_boxes, pack_boxes, unpack_boxes
from backend.ingest.extract.pdf import PDF, PdfExtractor
from encrypted_pdf import make_encrypted_pdf
from pdf_maker import FONT_SIZE, make_pdf

Write = Callable[[bytes], Path]

Mask = NDArray[np.bool_]

SCALE = 4


@pytest.fixture
def read(write: Write) -> Callable[[bytes], list[ExtractedPage]]:
    def pages(content: bytes) -> list[ExtractedPage]:
        extraction = PdfExtractor().open(write(content), PDF)
        try:
            return list(extraction.pages())
        finally:
            extraction.close()

    return pages


Read = Callable[[bytes], list[ExtractedPage]]


def render(content: bytes) -> Mask:
    """Return which pixels of the first page are dark."""
    document = pypdfium2.PdfDocument(content)
    page = document[0]
    bitmap = page.render(scale=SCALE, grayscale=True)
    dark: Mask = bitmap.to_numpy() < 128
    bitmap.close()
    page.close()
    document.close()
    return dark


def pixels(dark: Mask, box: HighlightBox) -> Mask:
    """Return which pixels lie in `box`, or next to it."""
    rows, columns = dark.shape
    top, bottom = floor(box.y * rows) - 1, ceil((box.y + box.height) * rows) + 1
    left, right = floor(box.x * columns) - 1, ceil((box.x + box.width) * columns) + 1
    mask = np.zeros_like(dark)
    mask[max(top, 0) : bottom, max(left, 0) : right] = True
    return mask


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("crop_box", [None, (50.0, 600.0, 400.0, 770.0)])
@pytest.mark.parametrize("media_box", [(0.0, 0.0, 612.0, 792.0), (-20.0, 30.0, 612.0, 792.0)])
def test_a_words_boxes_hold_its_ink_and_nothing_else(
    read: Read,
    rotate: int,
    crop_box: tuple[float, float, float, float] | None,
    media_box: tuple[float, float, float, float],
) -> None:
    words = ["Hxlk", "gypsum", "WAVE", "below"]
    content = make_pdf(
        ["Hxlk  gypsum  WAVE\nbelow"], rotate=rotate, crop_box=crop_box, media_box=media_box
    )
    (page,) = read(content)
    assert page.boxes is not None
    assert sorted(page.text.split()) == sorted(words)
    dark = render(content)
    assert page.width is not None
    assert page.height is not None
    assert dark.shape == (ceil(page.height * SCALE), ceil(page.width * SCALE))
    covered = np.zeros_like(dark)
    for word in words:
        start = page.text.index(word)
        for offset in range(start, start + len(word)):
            (letter,) = highlight_boxes(page.boxes, offset, offset + 1)
            assert (dark & pixels(dark, letter)).any()
        boxes = highlight_boxes(page.boxes, start, start + len(word))
        inside = np.logical_or.reduce([pixels(dark, box) for box in boxes])
        if rotate in (0, 180):
            assert len(boxes) == 1
        covered |= inside
        ink, box = np.argwhere(dark & inside), np.argwhere(inside)
        slack = np.abs(np.concatenate([ink.min(0) - box.min(0), ink.max(0) - box.max(0)])) / SCALE
        assert slack.max() < FONT_SIZE / 2
    assert not (dark & ~covered).any()


def test_packed_boxes_come_back_to_a_sixty_thousandth_of_the_page() -> None:
    rng = np.random.default_rng(1)
    corners = rng.random((1000, 2), np.float32) * 0.9
    boxes = np.concatenate([corners, corners + rng.random((1000, 2), np.float32) * 0.1], axis=1)
    boxes[::7] = np.nan
    again = unpack_boxes(pack_boxes(boxes))
    np.testing.assert_array_equal(np.isnan(again), np.isnan(boxes))
    np.testing.assert_allclose(again, boxes, atol=1 / 65_000)


@pytest.mark.parametrize("count", [0, 1, 8, 9])
def test_pages_with_few_or_no_boxes_can_be_packed(count: int) -> None:
    boxes = np.full((count, 4), np.nan, np.float32)
    assert unpack_boxes(pack_boxes(boxes)).shape == (count, 4)
    boxes[:] = 0, 0.5, 1, 1
    np.testing.assert_allclose(unpack_boxes(pack_boxes(boxes)), boxes, atol=1e-4)


def test_a_passage_over_two_lines_is_marked_by_one_box_a_line(read: Read) -> None:
    (page,) = read(make_pdf(["The first line goes on\non the second line"]))
    assert page.boxes is not None
    start, end = page.text.index("line goes"), page.text.index("second") + 6
    first, second = highlight_boxes(page.boxes, start, end)
    assert second.y > first.y + 0.8 * first.height
    assert first.x > second.x
    assert highlight_boxes(page.boxes, 3, 3) == []
    assert highlight_boxes(page.boxes, 10_000, 10_001) == []


def test_letters_far_apart_on_a_line_are_marked_apart() -> None:
    one = [0.1, 0.1, 0.12, 0.12]
    far = [0.8, 0.1, 0.82, 0.12]
    assert len(highlight_boxes(np.array([one, far], np.float32), 0, 2)) == 2


def test_lines_far_apart_become_paragraphs_and_large_lines_headings(read: Read) -> None:
    content = (
        b"BT /F1 20 Tf 72 740 Td (A large) Tj 0 -22 Td (heading) Tj ET\n"
        b"BT /F1 11 Tf 14 TL 72 690 Td (The first line of a paragraph) Tj T*"
        b" (is followed by its second line.) Tj T* (Third line.) Tj"
        b" 0 -40 Td (Another paragraph.) Tj T* (Its second line.) Tj ET"
    )
    plain = make_pdf([""])
    stream = plain[plain.index(b"BT") : plain.index(b"ET") + 2]
    length = b"<</Length %d>>"
    changed = plain.replace(length % len(stream), length % len(content)).replace(stream, content)
    (page,) = read(changed)
    assert page.text.replace(" \n", "\n") == (
        "A large\nheading\n\nThe first line of a paragraph\nis followed by its second line.\n"
        "Third line.\n\nAnother paragraph.\nIts second line."
    )
    assert page.boxes is not None
    assert len(page.boxes) == len(page.text)
    (heading,) = page.headings
    assert heading.text == "A large heading"
    assert page.text[heading.start : heading.end].split() == ["A", "large", "heading"]


def test_a_file_that_needs_a_password_is_told_apart_from_a_damaged_one(
    write: Write,
) -> None:
    with pytest.raises(DocumentEncrypted):
        PdfExtractor().open(write(make_encrypted_pdf("Not so secret", password="secret")), PDF)
    with pytest.raises(DocumentUnreadable):
        PdfExtractor().open(write(b"%PDF-1.4\nnothing of the kind"), PDF)


def test_an_encrypted_file_that_opens_without_a_password_is_read(
    read: Read,
) -> None:
    (page,) = read(make_encrypted_pdf("Not so secret", password=""))
    assert page.text == "Not so secret"


def test_a_damaged_page_does_not_lose_the_others(
    read: Read, caplog: pytest.LogCaptureFixture
) -> None:
    content = make_pdf(["First page", "Second page", "Third page"])
    # The tree's second entry points to an object that is no page.
    kids = content[content.index(b"/Kids[") : content.index(b"]/Count")]
    entries = kids[6:].split(b" 0 R")
    broken = content.replace(kids, kids.replace(entries[1] + b" 0 R", b" 3 0 R", 1))
    with caplog.at_level(logging.WARNING):
        pages = read(broken)
    assert [page.text for page in pages] == ["First page", "", "Third page"]
    assert "page could not be read" in caplog.text


def test_reading_may_begin_at_any_page(write: Write) -> None:
    extraction = PdfExtractor().open(write(make_pdf(["One", "Two", "Three"])), PDF)
    assert extraction.page_count == 3
    assert [page.number for page in extraction.pages(first=2)] == [2, 3]
    extraction.close()


def test_up_to_a_kilobyte_of_junk_may_precede_a_pdf(read: Read) -> None:
    (page,) = read(b"junk\n" * 200 + make_pdf(["Found"]))
    assert page.text == "Found"


def test_words_torn_at_a_lines_end_are_joined(read: Read) -> None:
    (page,) = read(make_pdf(["An exam-\nple of COVID-\n19 - here"]))
    assert page.text == "An example of COVID-19 - here"
    assert page.boxes is not None
    assert len(page.boxes) == len(page.text)
    before, after = highlight_boxes(page.boxes, 3, 10)
    assert after.y > before.y


@pytest.mark.parametrize(
    ("mapped_to", "text"),
    [
        (b"D83DDE00", "x😀y"),  # a surrogate pair is one character
        (b"D83D", "xy"),  # half of one is none
        (b"0000", "xy"),
        (b"0007", "xy"),
        (b"FEFF", "xy"),
        (b"00660069", "xfiy"),  # a ligature
    ],
)
def test_text_holds_only_whole_characters_each_with_its_box(
    read: Read, mapped_to: bytes, text: str
) -> None:
    content = make_pdf(["xAy"])
    cmap = (
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def\n"
        b"1 begincodespacerange <00> <FF> endcodespacerange\n"
        b"1 beginbfchar <41> <%s> endbfchar endcmap end end" % mapped_to
    )
    stream = b"9 0 obj\n<</Length %d>>stream\n%s\nendstream\nendobj\n" % (len(cmap), cmap)
    content = content.replace(b"WinAnsiEncoding>>", b"WinAnsiEncoding/ToUnicode 9 0 R>>")
    (page,) = read(content.replace(b"xref\n0", stream + b"xref\n0"))
    assert page.text == text
    assert page.boxes is not None
    assert len(page.boxes) == len(text)
    assert page.boxes[-1][0] > page.boxes[0][2]


def test_a_long_pdf_that_is_opened_again_on_the_way_loses_and_repeats_no_page(
    write: Callable[[bytes], Path],
) -> None:
    path = write(make_pdf([f"Page {number}." for number in range(1, 1_103)]))
    extraction = PdfExtractor().open(path, "application/pdf")
    read = [(page.number, page.text.strip()) for page in extraction.pages(first=100)]
    extraction.close()
    assert read == [(number, f"Page {number}.") for number in range(100, 1_103)]
