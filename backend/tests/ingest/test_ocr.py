"""Text recognised in pictures and scanned pages."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from backend.config import Config
from backend.db.models import Page
from backend.db.repositories import pages
from backend.db.repositories.documents import DocumentRecord
from backend.db.session import Database
from backend.errors import DocumentUnreadable, NoText
from backend.ingest.extract import formats, ocr
from backend.ingest.extract.base import ExtractedPage
from backend.ingest.extract.detect import detect_media_type
from backend.ingest.extract.layout import highlight_boxes
from backend.ingest.extract.ocr_layout import TextLine, arrange
from backend.ingest.extract.registry import extractor_for
from backend.ingest.worker import drain
from pdf_maker import make_pdf

Write = Callable[[bytes], Path]

LINES = ["The lighthouse of Lindau", "is 36 metres high", "and guards the harbour."]


def draw(lines: Sequence[str] = LINES, size: tuple[int, int] = (1000, 600)) -> Image.Image:
    image = Image.new("RGB", size, "white")
    font = ImageFont.load_default(size=40)
    for number, line in enumerate(lines):
        ImageDraw.Draw(image).text((100, 100 + 80 * number), line, "black", font)
    return image


def save(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def read(path: Path, *, ocr_enabled: bool = True) -> list[ExtractedPage]:
    media_type = detect_media_type(path, "x")
    extraction = extractor_for(media_type, ocr_enabled=ocr_enabled).open(path, media_type)
    try:
        found = list(extraction.pages())
    finally:
        extraction.close()
    assert extraction.page_count == len(found)
    return found


def box_of(page: ExtractedPage, words: str) -> tuple[float, float, float, float]:
    assert page.boxes is not None
    start = page.text.index(words)
    (box,) = highlight_boxes(page.boxes, start, start + len(words))
    return box.x, box.y, box.x + box.width, box.y + box.height


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_a_picture_gives_its_text_with_places(write: Write, kind: str) -> None:
    (page,) = read(write(save(draw(), kind)))
    assert page.is_ocr
    assert page.text.split("\n") == LINES
    assert (page.width, page.height) == (1000, 600)
    left, top, right, bottom = box_of(page, "36 metres")
    assert left == pytest.approx(0.14, abs=0.03)
    assert right == pytest.approx(0.33, abs=0.03)
    assert 0.28 < top < bottom < 0.40


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGBA", "LA", "CMYK", "I", "F"])
def test_pictures_of_any_depth_are_read(write: Write, mode: str) -> None:
    (page,) = read(write(save(draw().convert("L").convert(mode), "TIFF")))
    assert "36 metres high" in page.text


def test_a_turned_picture_is_read_as_it_is_displayed(write: Write) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90° clockwise
    turned = draw().transpose(Image.Transpose.ROTATE_90)
    (page,) = read(write(save(turned, "JPEG", exif=exif)))
    assert page.text.split("\n") == LINES
    assert (page.width, page.height) == (1000, 600)


def test_each_frame_of_a_tiff_is_a_page(write: Write) -> None:
    frames = [draw([f"Frame number {n}"]) for n in (1, 2, 3)]
    content = save(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    assert [page.text for page in read(write(content))] == [f"Frame number {n}" for n in (1, 2, 3)]


def test_a_picture_without_text_gives_none(write: Write) -> None:
    (page,) = read(write(save(Image.new("RGB", (300, 200), "white"), "PNG")))
    assert page.text == ""


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_a_damaged_picture_is_unreadable(write: Write, kind: str) -> None:
    content = save(draw(), kind)
    with pytest.raises(DocumentUnreadable):
        read(write(content[: len(content) // 3]))


def test_a_long_strip_is_read_within_bounds(write: Write) -> None:
    strip = draw([f"Line number {n}" for n in range(60)], (500, 5000))
    (page,) = read(write(save(strip, "PNG")))
    assert "Line number 0\n" in page.text
    assert page.text.endswith("Line number 59")


def scan(lines: Sequence[str] = LINES) -> bytes:
    return save(draw(lines), "PDF", resolution=100)


def test_a_scanned_page_is_read_and_marked(write: Write) -> None:
    (page,) = read(write(scan()))
    assert page.is_ocr
    assert page.text.split("\n") == LINES
    assert (page.width, page.height) == (720, 432)
    left, top, right, bottom = box_of(page, "harbour")
    assert 0.28 < left < right < 0.6
    assert 0.4 < top < bottom < 0.55


def test_a_page_with_a_text_layer_is_left_to_it(write: Write) -> None:
    (page,) = read(write(make_pdf(["The text layer of a page."])))
    assert not page.is_ocr


def test_scans_stay_empty_where_text_recognition_is_turned_off(write: Write) -> None:
    (page,) = read(write(scan()), ocr_enabled=False)
    assert page.text == ""
    assert not page.is_ocr
    with pytest.raises(NoText, match="turned off"):
        extractor_for(formats.PNG, ocr_enabled=False).open(write(b""), formats.PNG)


def test_columns_are_read_one_after_the_other_and_tables_row_by_row() -> None:
    def line(text: str, left: float, top: float, width: float) -> TextLine:
        right, bottom = left + width, top + 0.02
        corners = [[left, top], [right, top], [right, bottom], [left, bottom]]
        return TextLine(text, np.array(corners, np.float32), 0.7)

    prose = [line("Title", 0.3, 0.05, 0.4)]
    for n in range(10):
        prose += [line(f"right{n}", 0.55, 0.1 + n * 0.03, 0.35)]
        prose += [line(f"left{n}", 0.1, 0.1 + n * 0.03, 0.35)]
    text, boxes = arrange(prose)
    expected = ["Title", *(f"left{n}" for n in range(10)), *(f"right{n}" for n in range(10))]
    assert text.split() == expected
    assert boxes.shape == (len(text), 4)

    cells = [line(f"key{n}", 0.1, 0.1 + n * 0.03, 0.05 + n * 0.03) for n in range(10)]
    cells += [line(f"value{n}", 0.55, 0.1 + n * 0.03, 0.05) for n in range(10)]
    text, _ = arrange(cells)
    assert text.split() == [word for n in range(10) for word in (f"key{n}", f"value{n}")]
    assert "key0\tvalue0" in text


def test_the_models_lie_in_the_package() -> None:
    import rapidocr

    models = Path(rapidocr.__file__).parent / "models"
    assert {path.name for path in models.iterdir()} >= set(ocr.MODELS.values())


def test_the_mark_is_stored_with_the_page(
    config: Config, database: Database, user_id: str, upload: Callable[..., DocumentRecord]
) -> None:
    document = upload(scan(), "scan.pdf")
    typed = upload(make_pdf(["A page that was typed, with some words."]), "typed.pdf")
    drain(config, database)
    with database.db_session() as session:
        assert pages.get(session, user_id, document.id, 1).is_ocr
        assert not pages.get(session, user_id, typed.id, 1).is_ocr
        assert session.get_one(Page, (document.id, 1)).text.split("\n") == LINES
