"""The list of formats, in the code, the docs and what the page offers."""

import subprocess
import sys
from pathlib import Path

import pytest

from backend.errors import UnsupportedMediaType
from backend.ingest.extract import formats
from backend.ingest.extract.formats import FORMATS
from backend.ingest.extract.registry import accepted_types, extractor_for

PAGE = Path(__file__).resolve().parents[3] / "docs" / "formats.md"


def test_every_format_but_archives_has_an_extractor() -> None:
    for item in FORMATS:
        if item.media_type == formats.ZIP:
            continue
        assert item.media_type in extractor_for(item.media_type).media_types
    with pytest.raises(UnsupportedMediaType):
        extractor_for("audio/mpeg")


def test_no_extension_belongs_to_two_formats() -> None:
    extensions = [extension for item in FORMATS for extension in item.extensions]
    assert len(extensions) == len(set(extensions))


def test_media_types_and_extensions_are_offered_together() -> None:
    offered = accepted_types()
    assert {"application/pdf", "image/png", ".docx", ".md", ".py", ".jpg", ".zip"} <= set(offered)


def test_pictures_are_not_offered_where_text_recognition_is_turned_off() -> None:
    offered = accepted_types(ocr_enabled=False)
    assert not formats.IMAGES.intersection(offered)
    assert ".png" not in offered
    assert ".docx" in offered


def test_the_page_of_formats_lists_them_all() -> None:
    text = PAGE.read_text()
    for item in FORMATS:
        assert f"`{item.media_type}`" in text
        assert f"`{item.extensions[0]}`" in text


def test_the_server_loads_neither_kreuzberg_nor_rapidocr() -> None:
    code = (
        "import sys; import backend.app, backend.ingest.pipeline; "
        "from backend.ingest.extract.registry import accepted_types; accepted_types(); "
        "heavy = {'kreuzberg', 'rapidocr', 'cv2', 'PIL', 'pypdfium2'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
