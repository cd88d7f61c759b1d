"""The type of a file is told by its content."""

import gzip
import json
import os
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.errors import UnsupportedMediaType
from backend.ingest.extract import formats
from backend.ingest.extract.detect import detect_media_type
from office_maker import (
    make_docx,
    make_epub,
    make_ole,
    make_opendocument,
    make_pptx,
    make_xlsx,
    make_zip,
    paragraph,
)
from pdf_maker import make_pdf

Write = Callable[[bytes], Path]

DOCX = make_docx(paragraph("x"))
MAIL = b"Received: from a\r\n by b\r\nFrom: Ada <ada@a.example>\r\nSubject: Hi\r\n\r\nHello"
NOTEBOOK = json.dumps({"cells": [{"cell_type": "code", "source": []}], "nbformat": 4}).encode()


@pytest.mark.parametrize(
    ("content", "filename", "expected"),
    [
        (make_pdf(["x"]), "report.pdf", formats.PDF),
        (make_pdf(["x"]), "report.txt", formats.PDF),
        (b"junk\n" * 200 + make_pdf(["x"]), "report.pdf", formats.PDF),
        (b"Just text.", "note.txt", formats.PLAIN_TEXT),
        (b"Just text.", "no-suffix", formats.PLAIN_TEXT),
        (b"Just text.", "wrong.docx", formats.PLAIN_TEXT),
        (b"MZ is how this line begins.", "note.txt", formats.PLAIN_TEXT),
        (b"Just text.", "README.MD", formats.MARKDOWN),
        (b"# Title\n\nSee [this](https://a.example).\n\n## More\n", "notes", formats.MARKDOWN),
        ("Größe".encode("cp1252"), "note.txt", formats.PLAIN_TEXT),
        ("Größe".encode("utf-16"), "note.txt", formats.PLAIN_TEXT),
        ("Größe und mehr".encode("utf-16-le"), "note.txt", formats.PLAIN_TEXT),
        (b"text with a \x1b[31mcolour\x1b[0m", "log.txt", formats.PLAIN_TEXT),
        (b"PDF files begin with %PDF-1.4", "note.txt", formats.PLAIN_TEXT),
        (b"# comment\ndef f(): ...\n# [a](b)\n# more\n", "code.py", formats.PLAIN_TEXT),
        (DOCX, "report.docx", formats.DOCX),
        (DOCX, "report.zip", formats.DOCX),
        (DOCX[:500], "cut-off.docx", formats.DOCX),
        (make_xlsx({"S": [["x"]]}), "x", formats.XLSX),
        (make_pptx([("x", "y")]), "x", formats.PPTX),
        (make_epub([("x", "y")]), "x", formats.EPUB),
        (make_opendocument("text", ""), "x", formats.ODT),
        (make_opendocument("spreadsheet", ""), "x", formats.ODS),
        (make_opendocument("presentation", ""), "x", formats.ODP),
        (make_zip({"a.txt": "text", "report.docx": DOCX}), "x", formats.ZIP),
        (make_zip({"a.txt": "text"}), "report.docx", formats.ZIP),
        (make_zip({"a.txt": "text"})[:-10], "cut-off.zip", formats.ZIP),
        (make_zip({}), "x", formats.ZIP),
        (make_ole(["WordDocument", "Data"]), "x", formats.DOC),
        (make_ole([*"abcdef", "Workbook"]), "x", formats.XLS),
        (make_ole(["Current User", "PowerPoint Document"]), "x", formats.PPT),
        (make_ole(["__properties_version1.0"]), "x", formats.MSG),
        (make_ole(["EncryptedPackage", "EncryptionInfo"]), "x.xlsx", formats.XLSX),
        (b"{\\rtf1 Hello}", "x", formats.RTF),
        (b"<!-- a -->\n<!DOCTYPE html><html></html>", "x", formats.HTML),
        (b"<?xml version='1.0'?><html></html>", "x", formats.HTML),
        (b"<?xml version='1.0'?><a/>", "x", formats.XML),
        (b"<p>part of a page</p>", "x.htm", formats.HTML),
        (MAIL, "x", formats.EML),
        (b"From: Ada\nSubject: a memo\n\nHello", "memo.txt", formats.PLAIN_TEXT),
        (NOTEBOOK, "x", formats.NOTEBOOK),
        (b'{"a": 1}', "a.json", formats.JSON),
        (b"a,b\n1,2\n", "a.csv", formats.CSV),
        (b"a\tb\n1\t2\n", "a.tsv", formats.TSV),
        (b"% a\n\\documentclass{article}", "x", formats.LATEX),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "x", formats.PNG),
        (b"\xff\xd8\xff\xe0" + bytes(200), "x", formats.JPEG),
        (b"II*\x00" + bytes(200), "x", formats.TIFF),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "x", formats.WEBP),
    ],
)
def test_the_content_tells_the_type(
    write: Write, content: bytes, filename: str, expected: str
) -> None:
    assert detect_media_type(write(content), filename) == expected


@pytest.mark.parametrize(
    ("content", "seems_to_be"),
    [
        (make_zip({"a.txt": "text"})[:-10], "ZIP-based file"),
        (make_zip({"xl/workbook.bin": "text", "[Content_Types].xml": ""}), "ZIP-based file"),
        (make_zip({"Index/Document.iwa": "text"}), "ZIP-based file"),
        (make_zip({"mimetype": "application/vnd.other", "a.xml": "text"}), "ZIP-based file"),
        (make_ole(["Something"]), "OLE file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + os.urandom(600), "OLE file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "OLE file"),
        (gzip.compress(b"text"), "gzip archive"),
        (b"%!PS-Adobe-3.0", "PostScript"),
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


def test_pictures_are_refused_where_text_recognition_is_turned_off(write: Write) -> None:
    path = write(b"\xff\xd8\xff\xe0" + bytes(200))
    with pytest.raises(UnsupportedMediaType, match="an image"):
        detect_media_type(path, "scan.jpg", ocr_enabled=False)


def test_an_ole_directory_that_runs_in_a_circle_is_followed_once(write: Write) -> None:
    content = bytearray(make_ole(["a", "b", "c", "d", "e"]))
    struct.pack_into("<L", content, 512 + 4 * 2, 1)  # after the second sector the first again
    struct.pack_into("<3L", content, 1024 + 128 + 68, 1, 1, 1)  # an entry that is its own child
    with pytest.raises(UnsupportedMediaType):
        detect_media_type(write(bytes(content)), "x.doc")


@pytest.mark.parametrize("piece", [b"<!--", b"%\n", b" ", b"[", b"A: b\n", b"<", b"\\", b"{"])
def test_a_text_of_one_sign_takes_no_longer_than_another(write: Write, piece: bytes) -> None:
    path = write(piece * (100_000 // len(piece)))
    assert detect_media_type(path, "x") in formats.VERBATIM
