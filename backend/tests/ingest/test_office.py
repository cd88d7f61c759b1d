"""Office documents, web pages, books, e-mails and notebooks."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.errors import (
    DocumentEncrypted,
    DocumentTooLarge,
    DocumentUnreadable,
    PermanentIngestError,
)
from backend.ingest.chunking import Chunker
from backend.ingest.extract.base import ExtractedPage
from backend.ingest.extract.detect import detect_media_type
from backend.ingest.extract.registry import extractor_for
from backend.ingest.extract.text import PAGE_CHARACTERS
from office_maker import (
    heading,
    make_docx,
    make_epub,
    make_ole,
    make_opendocument,
    make_pptx,
    make_xlsx,
    make_zip,
    paragraph,
    table,
)

Write = Callable[[bytes], Path]

ENTITIES = "<!DOCTYPE x [<!ENTITY a 'lol lol lol lol'>" + "".join(
    f"<!ENTITY {name} '{f'&{inner};' * 20}'>"
    for inner, name in zip("abcdefg", "bcdefgh", strict=True)
)


def read(write: Write, content: bytes, filename: str = "x") -> list[ExtractedPage]:
    path = write(content)
    media_type = detect_media_type(path, filename)
    extraction = extractor_for(media_type).open(path, media_type)
    pages = list(extraction.pages())
    assert extraction.page_count == len(pages)
    assert [page.number for page in pages] == list(range(1, len(pages) + 1))
    extraction.close()
    for page in pages:
        for found in page.headings:
            assert " ".join(page.text[found.start : found.end].split()) == found.text
    return pages


def titles(pages: list[ExtractedPage]) -> list[str]:
    return [found.text for page in pages for found in page.headings]


def test_a_document_keeps_its_headings(write: Write) -> None:
    body = heading("Towers & lamps") + paragraph("All about *towers*_.")
    (page,) = read(write, make_docx(body))
    assert titles([page]) == ["Towers & lamps"]
    assert "All about *towers*_." in page.text


def test_signs_that_xml_writes_as_references_are_kept(write: Write) -> None:
    signs = "R&D <a> \"b\" 'c'"
    body = paragraph(signs) + paragraph("REFERENCES")
    body = body.replace("REFERENCES", "caf&#233; &#x26; &quot;&#1;x")
    (page,) = read(write, make_docx(body))
    assert page.text.split("\n\n") == [signs, 'caf\u00e9 & " x']


def test_tables_keep_rows_and_columns(write: Write) -> None:
    (page,) = read(write, make_docx(table([["Tower", "Height"], ["Lindau", "36 m"]])))
    assert "| Tower | Height |" in page.text
    assert "| Lindau | 36 m |" in page.text


def test_headings_reach_the_passages(write: Write) -> None:
    pages = read(write, make_docx(heading("The lamp") + paragraph("It turns. " * 10)))
    chunker = Chunker(1000, 150)
    passages = [chunk for page in pages for chunk in chunker.add(page)] + list(chunker.finish())
    assert {passage.heading for passage in passages} == {"The lamp"}


def test_a_slide_is_a_page_even_when_it_is_empty(write: Write) -> None:
    slides = [("First", "one"), ("", ""), ("Third", "three")]
    first, second, third = read(write, make_pptx(slides))
    assert first.text.split() == ["First", "one"]
    assert second.text.strip() == ""
    assert third.text.split() == ["Third", "three"]
    assert titles([first, third]) == ["First", "Third"]


def test_a_sheet_begins_a_page_and_its_name_is_a_heading(write: Write) -> None:
    sheets = {"Income": [["Year", "Sum"], ["2020", "7"]], "Costs": [["Rent", "3"]]}
    income, costs = read(write, make_xlsx(sheets))
    assert titles([income, costs]) == ["Income", "Costs"]
    assert "| 2020 | 7 |" in income.text
    assert "| Rent | 3 |" in costs.text


def test_a_long_sheet_becomes_pages_that_end_between_rows(write: Write) -> None:
    rows = [[f"row {number}", f"value {number}"] for number in range(1000)]
    pages = read(write, make_xlsx({"Long": rows}))
    assert len(pages) > 3
    for page in pages:
        assert len(page.text) <= PAGE_CHARACTERS
        assert page.text.strip().endswith("|")
    text = "\n".join(page.text for page in pages)
    assert all(f"| row {number} | value {number} |" in text for number in range(1000))


def test_an_opendocument_text_is_read(write: Write) -> None:
    body = '<text:h text:outline-level="1">Lamps</text:h><text:p>They turn.</text:p>'
    (page,) = read(write, make_opendocument("text", body))
    assert titles([page]) == ["Lamps"]
    assert "They turn." in page.text


def test_an_opendocument_presentation_is_read_slide_by_slide(write: Write) -> None:
    body = (
        '<draw:page><draw:frame presentation:class="title"><draw:text-box><text:p>Lamps'
        "</text:p></draw:text-box></draw:frame><draw:frame><draw:text-box><text:p>They"
        '<text:s text:c="2"/>turn # *fast*.</text:p></draw:text-box></draw:frame></draw:page>'
        "<draw:page/><draw:page><table:table><table:table-row><table:table-cell><text:p>a"
        "</text:p></table:table-cell><table:table-cell><text:p>b</text:p></table:table-cell>"
        "</table:table-row></table:table></draw:page>"
    )
    first, second, third = read(write, make_opendocument("presentation", body))
    assert titles([first]) == ["Lamps"]
    assert first.text == "Lamps\n\nThey  turn # *fast*."
    assert second.text == ""
    assert third.text == "| a | b |"


def test_a_book_is_read(write: Write) -> None:
    pages = read(write, make_epub([("Chapter one", "It was dark."), ("Chapter two", "Light.")]))
    assert titles(pages) == ["Chapter one", "Chapter two"]
    assert "It was dark." in pages[0].text


def test_rich_text_is_read(write: Write) -> None:
    (page,) = read(write, rb"{\rtf1\ansi The lamp\par is \b bright\b0 .}")
    assert "is bright." in page.text


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251", "utf-16"])
def test_a_web_page_in_any_encoding_has_its_title_atop(write: Write, encoding: str) -> None:
    source = (
        f'<!DOCTYPE html><html><head><meta charset="{encoding}"><meta name="a" content="noise">'
        "<title>Маяк &amp; лампа</title><style>b{}</style></head><body><h2>Раздел</h2>"
        '<p>Свет <b>горит</b>, <a href="http://a.example">здесь</a>.</p><script>no()</script>'
        "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table></body></html>"
    )
    (page,) = read(write, source.encode(encoding))
    assert titles([page]) == ["Маяк & лампа", "Раздел"]
    assert "Свет горит, здесь." in page.text
    assert "| 1 | 2 |" in page.text
    assert "noise" not in page.text
    assert "no()" not in page.text


def test_a_mail_keeps_who_wrote_to_whom_when_and_about_what(write: Write) -> None:
    mail = (
        "Message-ID: <1@a.example>\r\nFrom: Ada <ada@a.example>\r\nTo: Bob <bob@b.example>\r\n"
        "Date: Mon, 1 Jan 2024 10:00:00 +0000\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\n'
        "Content-Type: text/plain; charset=utf-8\r\n\r\nThe lamp is lit.\r\n--x\r\n"
        'Content-Type: application/pdf\r\nContent-Disposition: attachment; filename="a.pdf"\r\n'
        "\r\n%PDF\r\n--x--\r\n"
    )
    (page,) = read(write, mail.encode())
    top, _, body = page.text.partition("The lamp is lit.")
    assert "Subject: Grüße" in top
    assert "ada@a.example" in top
    assert "bob@b.example" in top
    assert "2024" in top
    assert "Attachment: a.pdf" in body


def test_a_notebook_keeps_text_and_code(write: Write) -> None:
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["# Lamps\n", "They turn."]},
        {
            "cell_type": "code",
            "metadata": {},
            "source": ["# note\n", "x = a*b*c"],
            "outputs": [],
            "execution_count": 1,
        },
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (page,) = read(write, json.dumps(notebook).encode())
    assert titles([page]) == ["Lamps"]
    assert "They turn." in page.text
    assert "# note\nx = a*b*c" in page.text


@pytest.mark.parametrize(
    ("content", "filename"),
    [
        (make_ole(["EncryptedPackage", "EncryptionInfo"]), "x.docx"),
        (make_ole(["EncryptedPackage", "EncryptionInfo"]), "x.xlsx"),
        (make_opendocument("text", "", manifest="<manifest:encryption-data/>"), "x"),
        (make_opendocument("presentation", "", manifest="<manifest:encryption-data/>"), "x"),
    ],
)
def test_a_password_is_told_from_damage(write: Write, content: bytes, filename: str) -> None:
    with pytest.raises(DocumentEncrypted):
        read(write, content, filename)


def test_what_unpacks_to_far_more_than_it_is_is_refused_unopened(write: Write) -> None:
    bomb = make_docx(paragraph("x"), extra={"word/media/a.bin": bytes(32 * 1024 * 1024)})
    with pytest.raises(DocumentTooLarge, match="ZIP bomb"):
        read(write, bomb)
    parts = {"mimetype": "application/epub+zip"} | {str(n): b"" for n in range(20_001)}
    with pytest.raises(DocumentTooLarge, match="too many parts"):
        read(write, make_zip(parts))


@pytest.mark.parametrize(
    "content",
    [
        make_docx(paragraph("&h;").replace("&amp;", "&"), ENTITIES + "]>"),
        make_opendocument("text", "<text:p>&h;</text:p>", ENTITIES + "]>"),
        make_opendocument("spreadsheet", "<text:p>&h;</text:p>", ENTITIES + "]>"),
        make_opendocument("presentation", "<text:p>&h;</text:p>", ENTITIES + "]>"),
        f"<?xml version='1.0'?>{ENTITIES}]><html><body>&h;</body></html>".encode(),
        f"<?xml version='1.0'?>{ENTITIES}]><a>&h;</a>".encode(),
    ],
)
def test_entities_are_never_expanded(write: Write, content: bytes) -> None:
    try:
        pages = read(write, content)
    except PermanentIngestError:
        return
    assert sum(len(page.text) for page in pages) < 5000


@pytest.mark.parametrize("extension", ["docx", "xlsx", "pptx"])
def test_a_file_that_was_cut_off_is_unreadable(write: Write, extension: str) -> None:
    whole = {
        "docx": make_docx(paragraph("x")),
        "xlsx": make_xlsx({"S": [["x"]]}),
        "pptx": make_pptx([("x", "y")]),
    }[extension]
    with pytest.raises(DocumentUnreadable):
        read(write, whole[: len(whole) // 2], f"x.{extension}")


@pytest.mark.parametrize("name", ["WordDocument", "PowerPoint Document"])
def test_an_old_office_file_without_content_is_unreadable(write: Write, name: str) -> None:
    with pytest.raises(DocumentUnreadable):
        read(write, make_ole([name]))


def test_a_web_page_that_closes_nothing_takes_no_longer(write: Write) -> None:
    for piece in ("<title>", "<meta ", "![", "[a](", "**"):
        read(write, b"<html><body>" + piece.encode() * 100_000)
