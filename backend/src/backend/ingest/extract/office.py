"""Office documents, web pages, books, e-mails and notebooks, read by kreuzberg."""

import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from backend.errors import DocumentEncrypted, DocumentTooLarge, DocumentUnreadable
from backend.ingest.extract import formats, openxml, web_page
from backend.ingest.extract.base import ExtractedPage, Extraction, Extractor
from backend.ingest.extract.ole_directory import root_names
from backend.ingest.extract.rendered_markdown import MarkdownReader, drop_pictures
from backend.ingest.extract.text import split_pages
from backend.ingest.extract.zip_directory import check_sizes, read_directory

# kreuzberg holds the file and all its text in memory; newer Office files are much smaller
# without their pictures.
_MAX_BYTES = 128 * 1024 * 1024
# What the standard library raises; unpacking in an unknown way is not implemented, and a
# password is a RuntimeError.
DAMAGED_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError)
_MANIFEST_BYTES = 1024 * 1024
_ENCRYPTED = re.compile(r"password|encrypt", re.IGNORECASE)
_TOO_OLD = re.compile(r"DOC magic number|unsupported BIFF", re.IGNORECASE)
_ZIP_START = b"PK\x03\x04"
# kreuzberg puts it between slides. Letters and digits only: it escapes everything else.
_MARK = "DocChatPage"
_PAGE_MARK = re.compile(rf"^{_MARK}\d+{_MARK}$", re.MULTILINE)
# Its sheets begin with their names; cells are rows of a table and begin with a pipe.
_SHEET_NAME = re.compile(r"^(?=## )", re.MULTILINE)
_SHEETS = frozenset({formats.XLS, formats.XLSX, formats.ODS})


class OfficeExtractor(Extractor):
    media_types = formats.OFFICE

    def open(self, path: Path, media_type: str) -> Extraction:
        check_container(path, media_type)
        if media_type not in formats.OPENXML and path.stat().st_size > _MAX_BYTES:
            mebibytes = _MAX_BYTES // (1024 * 1024)
            raise DocumentTooLarge(
                f"Files of this kind are read up to {mebibytes} MiB. Divide it, or save it as PDF."
            )
        return MarkdownExtraction(_pages(_read(path, media_type), media_type))


class MarkdownExtraction(Extraction):
    """The text of a document as Markdown, cut into pages."""

    def __init__(self, pages: Sequence[str]) -> None:
        self._pages = pages
        self.page_count = len(self._pages)

    def pages(self, first: int = 1) -> Iterator[ExtractedPage]:
        reader = MarkdownReader()
        for number, markdown in enumerate(self._pages, start=1):
            text, headings = reader.read(markdown)
            if number >= first:
                yield ExtractedPage(number, text, headings=headings)

    def close(self) -> None:
        """Nothing to release: the file was read as a whole."""


def check_container(path: Path, media_type: str) -> None:
    """Look at a file's table of contents before anything unpacks it.

    Raises:
        DocumentEncrypted, DocumentTooLarge, DocumentUnreadable
    """
    with path.open("rb") as file:
        start = file.read(len(_ZIP_START))
    if media_type in formats.ZIPPED and start == _ZIP_START:
        entries = read_directory(path)
        if any(entry.is_encrypted for entry in entries):
            raise DocumentEncrypted
        check_sizes(entries)
        if media_type in formats.OPENDOCUMENT and _has_encrypted_parts(path):
            raise DocumentEncrypted
    elif start == b"\xd0\xcf\x11\xe0" and "EncryptedPackage" in root_names(path):
        raise DocumentEncrypted


def _has_encrypted_parts(path: Path) -> bool:
    """Return whether an OpenDocument's manifest says how its parts are encrypted."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open("META-INF/manifest.xml") as manifest:
            return b"encryption-data" in manifest.read(_MANIFEST_BYTES)
    except KeyError:
        return False
    except DAMAGED_ZIP as error:
        raise DocumentUnreadable from error


def _read(path: Path, media_type: str) -> str:
    """Return the text as Markdown."""
    import kreuzberg

    # Its type stub lacks `disable_ocr`.
    config = kreuzberg.ExtractionConfig(  # type: ignore[call-arg]
        use_cache=False,
        disable_ocr=True,
        enable_quality_processing=False,
        postprocessor=kreuzberg.PostProcessorConfig(enabled=False),
        concurrency=kreuzberg.ConcurrencyConfig(max_threads=1),
        output_format="markdown",
        pages=kreuzberg.PageConfig(
            insert_page_markers=True, marker_format=f"\n\n{_MARK}{{page_num}}{_MARK}\n\n"
        ),
    )
    try:
        if media_type in formats.OPENXML | {formats.HTML}:
            content = _prepared(path, media_type)
            result: Any = kreuzberg.extract_bytes_sync(content, media_type, config)
        else:
            result = kreuzberg.extract_file_sync(path, media_type, config)
    except kreuzberg.KreuzbergError as error:
        if _ENCRYPTED.search(str(error)):
            raise DocumentEncrypted from None
        if _TOO_OLD.search(str(error)):
            raise DocumentUnreadable(
                "This file was made by a program of before 1997. Open it and save it anew."
            ) from None
        raise DocumentUnreadable from error
    text: str = result.content.replace("\x00", "")
    if media_type == formats.DOCX:
        text = openxml.put_back(text)
    if media_type in (formats.EML, formats.MSG):
        text = _with_attachments(text, result.metadata)
    return text


def _prepared(path: Path, media_type: str) -> bytes:
    """Return what kreuzberg reads well in place of a file that it reads less well."""
    if media_type == formats.HTML:
        return web_page.read(path).encode()
    try:
        return openxml.prepare(path)
    except DAMAGED_ZIP as error:
        raise DocumentUnreadable from error


def _with_attachments(content: str, metadata: Any) -> str:
    """Name the attachments beneath an e-mail; what they hold is not read."""
    names = metadata.get("attachments") or ()
    return "\n\n".join([content, *(f"Attachment: {name}" for name in names)])


def _pages(markdown: str, media_type: str) -> list[str]:
    """Cut the text: a slide is a page, a sheet begins one."""
    markdown = drop_pictures(markdown)
    before, *slides = _PAGE_MARK.split(markdown)
    if slides:
        return [before.strip() + slides[0], *slides[1:]]
    parts = _SHEET_NAME.split(markdown) if media_type in _SHEETS else [markdown]
    return [page for part in parts for page in split_pages(part)]
