"""The type of a file is told by its content."""

import gzip
import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.errors import UnsupportedMediaType
from backend.ingest.extract.detect import detect_media_type
from backend.ingest.extract.registry import accepted_media_types, extractor_for
from pdf_maker import make_pdf

Write = Callable[[bytes], Path]


def zip_file() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "text")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "filename", "expected"),
    [
        (make_pdf(["x"]), "report.pdf", "application/pdf"),
        (make_pdf(["x"]), "report.txt", "application/pdf"),
        (b"junk\n" * 200 + make_pdf(["x"]), "report.pdf", "application/pdf"),
        (b"Just text.", "note.txt", "text/plain"),
        (b"Just text.", "no-suffix", "text/plain"),
        (b"MZ is how this line begins.", "note.txt", "text/plain"),
        (b"Just text.", "README.MD", "text/markdown"),
        (b"# Title\n\nSee [this](https://a.example).\n\n## More\n", "notes", "text/markdown"),
        ("Größe".encode("cp1252"), "note.txt", "text/plain"),
        ("Größe".encode("utf-16"), "note.txt", "text/plain"),
        ("Größe und mehr".encode("utf-16-le"), "note.txt", "text/plain"),
        (b"text with a \x1b[31mcolour\x1b[0m", "log.txt", "text/plain"),
        (b"PDF files begin with %PDF-1.4", "note.txt", "text/plain"),
    ],
)
def test_the_content_tells_the_type(
    write: Write, content: bytes, filename: str, expected: str
) -> None:
    assert detect_media_type(write(content), filename) == expected


@pytest.mark.parametrize(
    ("content", "seems_to_be"),
    [
        (zip_file(), "ZIP archive"),
        (b"\x89PNG\r\n\x1a\n" + os.urandom(200), "PNG image"),
        (b"\xff\xd8\xff\xe0" + os.urandom(200), "JPEG image"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(200), "older Office document"),
        (gzip.compress(b"text"), "gzip archive"),
        (b"{\\rtf1 Hello}", "rich text"),
        (bytes(range(256)) * 20, "binary file (txt)"),
        (bytes(3000), "binary file (txt)"),
    ],
)
def test_a_binary_file_named_txt_is_refused_by_what_it_seems_to_be(
    write: Write, content: bytes, seems_to_be: str
) -> None:
    with pytest.raises(UnsupportedMediaType, match="cannot be read") as caught:
        detect_media_type(write(content), "notes.txt")
    assert seems_to_be in caught.value.message


def test_every_accepted_type_has_an_extractor() -> None:
    assert accepted_media_types() == ["application/pdf", "text/markdown", "text/plain"]
    for media_type in accepted_media_types():
        assert media_type in extractor_for(media_type).media_types
    with pytest.raises(UnsupportedMediaType):
        extractor_for("image/png")
