"""What a file is, told by its content; its name only tells kinds of text apart.

Runs in the server on whatever was uploaded: it looks at the first bytes and at tables of
contents, with limits, and parses nothing.
"""

import re
from pathlib import Path, PurePosixPath

from backend.errors import PermanentIngestError, UnsupportedMediaType
from backend.ingest.extract import formats, ocr
from backend.ingest.extract.ole_directory import root_names
from backend.ingest.extract.text import encoding_by_zeros
from backend.ingest.extract.zip_directory import read_directory

_SAMPLE_BYTES = 64 * 1024
# Readers accept up to a kilobyte in front of the header. A text may mention the header, so
# what follows must look like a PDF's body then.
_PDF_START = re.compile(rb"%PDF-\d|.{1,1024}?%PDF-\d.*?\d \d+ obj\b", re.DOTALL)
_MARKDOWN_LINE = re.compile(rb"^(#{1,6} \S|```|\[[^\]]+\]: |[-*] \[[ x]\] )", re.MULTILINE)
_MARKDOWN_LINK = re.compile(rb"\[[^\]\n]+\]\([^)\n]+\)")
_HTML_START = re.compile(
    r"\s*(<\?xml[^>]*>\s*)?(<!--.{0,4000}?-->\s*)*<(!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_XML_START = re.compile(r"\s*<\?xml\s")
_LATEX_START = re.compile(r"\s*(%[^\n]*\n\s*)*\\(documentclass|documentstyle)\b")
_NOTEBOOK = re.compile(r'\s*\{.*?"(cells|nbformat|worksheets)"\s*:', re.DOTALL)
_MAIL_HEADER = re.compile(r"([A-Za-z][A-Za-z0-9-]{1,60}):(?:[ \t]|\r?\n[ \t])")
_MAIL_NAMES = frozenset({"from", "to", "subject", "date"})
# Written by machines: a memo that somebody typed has none of them.
_MAIL_MARKS = frozenset({"received", "message-id", "mime-version", "return-path", "delivered-to"})
# Hardly found in text: control characters but for tab, line ends and what terminals obey.
_CONTROL = bytes(c for c in range(32) if c not in b"\t\n\r\f\v\b\x1a\x1b")
_MAX_CONTROL_SHARE = 0.001

_IMAGE_STARTS = (
    (b"\x89PNG\r\n\x1a\n", formats.PNG),
    (b"\xff\xd8\xff", formats.JPEG),
    (b"II*\x00", formats.TIFF),
    (b"MM\x00*", formats.TIFF),
)
_OPENXML_FOLDERS = (("word/", formats.DOCX), ("xl/", formats.XLSX), ("ppt/", formats.PPTX))
_OLE_NAMES = (
    ("WordDocument", formats.DOC),
    ("PowerPoint Document", formats.PPT),
    ("Workbook", formats.XLS),
    ("Book", formats.XLS),
    ("__properties_version1.0", formats.MSG),
    # An Office document under a password; the name tells which.
    ("EncryptedPackage", formats.DOCX),
)
_MIMETYPE_NAME = b"mimetype"
_LOCAL_HEADER_BYTES = 30


def detect_media_type(path: Path, filename: str, *, ocr_enabled: bool = True) -> str:
    """Return the media type of the file at `path`, which the user calls `filename`.

    Raises:
        UnsupportedMediaType: no extractor reads it; the message says what it seems to be.
    """
    with path.open("rb") as file:
        sample = file.read(_SAMPLE_BYTES)
    extension = PurePosixPath(filename.lower()).suffix
    media_type = _media_type(path, sample, extension)
    if media_type is None:
        seems = _name_of(sample, filename)
    elif media_type in formats.IMAGES and not ocr.is_available(ocr_enabled):
        seems = "an image"
    else:
        return media_type
    raise UnsupportedMediaType(
        f"This file seems to be {seems}, which cannot be read. "
        "PDF, Office, web, e-mail and text files and ZIP archives can.",
        details={"seems_to_be": seems},
    )


def _media_type(path: Path, sample: bytes, extension: str) -> str | None:
    if _PDF_START.match(sample):
        return formats.PDF
    if sample.startswith(b"PK\x05\x06"):
        return formats.ZIP  # an empty one
    if sample.startswith(b"PK\x03\x04"):
        return _zipped(path, sample, extension)
    if sample.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _ole(path, extension)
    if sample.startswith(b"{\\rtf"):
        return formats.RTF
    for start, media_type in _IMAGE_STARTS:
        if sample.startswith(start):
            return media_type
    if sample.startswith(b"RIFF") and sample[8:12] == b"WEBP":
        return formats.WEBP
    return _text(sample, extension) if _is_text(sample) else None


def _zipped(path: Path, sample: bytes, extension: str) -> str | None:
    by_name = formats.media_type_by_name(extension)
    declared = _declared_type(sample)
    for media_type in (formats.EPUB, *formats.OPENDOCUMENT):
        if declared in (media_type, f"{media_type}-template"):
            return media_type
    try:
        names = [entry.name for entry in read_directory(path)]
    except PermanentIngestError:
        # Cut off: the worker will say so.
        return by_name if by_name in formats.ZIPPED | {formats.ZIP} else None
    if "[Content_Types].xml" in names:
        return _openxml(names)
    if "META-INF/container.xml" in names and any(n.endswith((".opf", ".ncx")) for n in names):
        return formats.EPUB
    if "META-INF/manifest.xml" in names and "content.xml" in names:
        return by_name if by_name in formats.OPENDOCUMENT else None
    if declared or any(name.endswith(".iwa") for name in names):
        return None  # another kind of document, such as a drawing or one of Apple's
    return formats.ZIP


def _openxml(names: list[str]) -> str | None:
    for folder, media_type in _OPENXML_FOLDERS:
        if any(name.startswith(folder) and not name.endswith(".bin") for name in names):
            return media_type
    return None


def _declared_type(sample: bytes) -> str:
    """Return what an archive's first entry, `mimetype`, says; "" if it has none."""
    name_end = _LOCAL_HEADER_BYTES + len(_MIMETYPE_NAME)
    if sample[_LOCAL_HEADER_BYTES:name_end] != _MIMETYPE_NAME:
        return ""
    start = name_end + int.from_bytes(sample[28:30], "little")
    said = re.match(rb"[a-z]+/[a-z.+-]+", sample[start : start + 100])
    return said[0].decode() if said else ""


def _ole(path: Path, extension: str) -> str | None:
    names = root_names(path)
    by_name = formats.media_type_by_name(extension)
    if "EncryptedPackage" in names and by_name in formats.ZIPPED:
        return by_name
    return next((media_type for name, media_type in _OLE_NAMES if name in names), None)


def _is_text(sample: bytes) -> bool:
    encoding = encoding_by_zeros(sample)
    if encoding is not None:
        text = sample.decode(encoding, errors="replace")
        wrong = sum(c == "\ufffd" or (c < " " and c not in "\t\n\r\f\v") for c in text)
        return wrong <= 1 + _MAX_CONTROL_SHARE * len(text)
    if sample.startswith(b"%!PS"):  # made of text, but of text that nobody reads
        return False
    control = len(sample) - len(sample.translate(None, _CONTROL))
    return control <= _MAX_CONTROL_SHARE * len(sample)


def _text(sample: bytes, extension: str) -> str:
    """Return which kind of text it is."""
    text = sample.decode(encoding_by_zeros(sample) or "latin-1", errors="replace")
    if _HTML_START.match(text):
        return formats.HTML
    if _XML_START.match(text):
        return formats.HTML if re.search(r"<html\b", text[:2000]) else formats.XML
    if _LATEX_START.match(text):
        return formats.LATEX
    if _NOTEBOOK.match(text) and ('"cell_type"' in text or extension == ".ipynb"):
        return formats.NOTEBOOK
    if _is_mail(text, extension):
        return formats.EML
    by_name = formats.media_type_by_name(extension)
    if by_name == formats.HTML and re.search(r"<[a-z][a-z0-9]*[\s/>]", text, re.IGNORECASE):
        return formats.HTML
    if by_name in formats.VERBATIM - {formats.PLAIN_TEXT}:
        return by_name
    if by_name is None and _is_markdown(sample):
        return formats.MARKDOWN
    return formats.PLAIN_TEXT


def _is_mail(text: str, extension: str) -> bool:
    head = re.split(r"\r?\n\r?\n", text.lstrip(), maxsplit=1)[0]
    lines = re.split(r"\r?\n(?![ \t])", head)[:100]
    names = [match[1].lower() for line in lines if (match := _MAIL_HEADER.match(line))]
    if len(names) < len(lines) - 1 or not names:  # one line may be mbox's "From somebody"
        return False
    known = _MAIL_NAMES.intersection(names)
    return bool(known) and (extension == ".eml" or not _MAIL_MARKS.isdisjoint(names))


def _is_markdown(sample: bytes) -> bool:
    marks = len(_MARKDOWN_LINE.findall(sample))
    return marks >= 2 and bool(_MARKDOWN_LINK.search(sample) or b"\n```" in sample)


_MAGIC = (
    (b"PK\x03\x04", "a ZIP-based file of an unknown kind"),
    (b"\xd0\xcf\x11\xe0", "an OLE file of an unknown kind"),
    (b"%!PS", "a PostScript file"),
    (b"GIF8", "a GIF image"),
    (b"BM", "a bitmap image"),
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
    for magic, name in _MAGIC:
        if sample.startswith(magic):
            return name
    suffix = PurePosixPath(filename).suffix.lstrip(".")
    return f"a binary file ({suffix})" if suffix.isalnum() and len(suffix) < 10 else "a binary file"
