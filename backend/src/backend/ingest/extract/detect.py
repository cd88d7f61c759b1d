"""What a file is, told by its content; its name only tells Markdown from plain text."""

import re
from pathlib import Path, PurePosixPath

from backend.errors import UnsupportedMediaType
from backend.ingest.extract.pdf import PDF
from backend.ingest.extract.text import MARKDOWN, PLAIN_TEXT, encoding_by_zeros

_SAMPLE_BYTES = 64 * 1024
# Readers accept up to a kilobyte in front of the header. A text may mention the header, so
# what follows must look like a PDF's body then.
_PDF_START = re.compile(rb"%PDF-\d|.{1,1024}?%PDF-\d.*?\d \d+ obj\b", re.DOTALL)
_MARKDOWN_SUFFIXES = frozenset({".md", ".markdown", ".mdown", ".mkd"})
_MARKDOWN_LINE = re.compile(rb"^(#{1,6} \S|```|\[[^\]]+\]: |[-*] \[[ x]\] )", re.MULTILINE)
_MARKDOWN_LINK = re.compile(rb"\[[^\]\n]+\]\([^)\n]+\)")
# Hardly found in text: control characters but for tab, line ends and what terminals obey.
_CONTROL = bytes(c for c in range(32) if c not in b"\t\n\r\f\v\b\x1a\x1b")
_MAX_CONTROL_SHARE = 0.001


def detect_media_type(path: Path, filename: str) -> str:
    """Return the media type of the file at `path`, which the user calls `filename`.

    Raises:
        UnsupportedMediaType: no extractor reads it; the message says what it seems to be.
    """
    with path.open("rb") as file:
        sample = file.read(_SAMPLE_BYTES)
    if _PDF_START.match(sample):
        return PDF
    if _is_text(sample):
        return MARKDOWN if _is_markdown(sample, filename) else PLAIN_TEXT
    seems = _name_of(sample, filename)
    raise UnsupportedMediaType(
        f"This file seems to be {seems}, which cannot be read. "
        "PDF, plain text and Markdown files can.",
        details={"seems_to_be": seems},
    )


def _is_text(sample: bytes) -> bool:
    encoding = encoding_by_zeros(sample)
    if encoding is not None:
        text = sample.decode(encoding, errors="replace")
        wrong = sum(c == "\ufffd" or (c < " " and c not in "\t\n\r\f\v") for c in text)
        return wrong <= 1 + _MAX_CONTROL_SHARE * len(text)
    if sample.startswith(_UNREADABLE_TEXT):
        return False
    control = len(sample) - len(sample.translate(None, _CONTROL))
    return control <= _MAX_CONTROL_SHARE * len(sample)


def _is_markdown(sample: bytes, filename: str) -> bool:
    if PurePosixPath(filename.lower()).suffix in _MARKDOWN_SUFFIXES:
        return True
    marks = len(_MARKDOWN_LINE.findall(sample))
    return marks >= 2 and bool(_MARKDOWN_LINK.search(sample) or b"\n```" in sample)


def _magic_name(sample: bytes) -> str:
    return next((name for magic, name in _MAGIC if sample.startswith(magic)), "")


# Formats that are made of text, but of text that nobody reads.
_UNREADABLE_TEXT = (b"{\\rtf", b"%!PS")
_MAGIC = (
    (b"PK\x03\x04", "a ZIP archive or an Office document"),
    (b"\xd0\xcf\x11\xe0", "an older Office document"),
    (b"{\\rtf", "a rich text document"),
    (b"%!PS", "a PostScript file"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a program"),
    (b"ID3", "an MP3 recording"),
    (b"OggS", "an Ogg recording"),
    (b"fLaC", "a FLAC recording"),
    (b"SQLite format 3", "a SQLite database"),
)


def _name_of(sample: bytes, filename: str) -> str:
    name = _magic_name(sample)
    if name:
        return name
    suffix = PurePosixPath(filename).suffix.lstrip(".")
    return f"a binary file ({suffix})" if suffix.isalnum() and len(suffix) < 10 else "a binary file"
