"""Conversations as PDF."""

from typing import Any

import pypdfium2
import pytest

from backend.db.session import Database
from backend.transfer.layout_tree import blocks
from backend.transfer.pdf_export import to_pdf
from backend.transfer.transcript import Transcript
from people import Person
from written_conversation import QUOTE, add_document, add_message, write_conversation


def read_pages(data: bytes) -> list[str]:
    with pypdfium2.PdfDocument(data) as document:
        return [" ".join(page.get_textpage().get_text_bounded().split()) for page in document]


def test_a_pdf_shows_the_branch_with_its_citations_and_page_numbers(
    database: Database, user: Person
) -> None:
    document_id = add_document(database, user.id, "a" * 64)
    written = write_conversation(database, user.id, document_id, title="Tower #1 $x$ *b*")
    [page] = read_pages(b"".join(to_pdf(Transcript(database, user.id, written.id))))
    assert page.startswith("Tower #1 $x$ *b*")
    assert "Answer (builtin:quotes), 20" in page
    assert f"“{QUOTE}” — tower.pdf, page 2" in page
    assert "the document has been deleted since" in page
    assert page.endswith(" 1")
    assert "It is 77 metres high" not in page


WORDS = {
    "Latin": "Żółty Straße tiếng Việt",
    "Cyrillic": "Маяк в Генуе",
    "Greek": "Ο φάρος της Γένοβας",
    "Han": "灯塔高七十七米",
    "Kana": "とうだい",
    "Hangul": "등대의 높이",
    "Devanagari": "दीपस्तंभ",
    "Hebrew": "מגדלור",
    "Arabic": "منارة",
    "Thai": "ประภาคาร",
    "Georgian": "შუქურა",
    "symbols": "→ ∑ √ ✓ █ ½",
}


@pytest.mark.parametrize("script", WORDS)
def test_scripts_are_drawn(database: Database, user: Person, script: str) -> None:
    written = write_conversation(database, user.id, "gone")
    leaf = add_message(database, user.id, written.id, written.first_answer_id, WORDS[script])
    data = b"".join(to_pdf(Transcript(database, user.id, written.id, leaf)))
    text = " ".join(read_pages(data))
    assert "U+" not in text
    if script not in ("Devanagari", "Arabic"):  # read as the shapes that were drawn
        assert WORDS[script].replace(" ", "") in text.replace(" ", "")


def test_what_no_font_draws_is_given_by_its_number_and_told_at_the_end(
    database: Database, user: Person
) -> None:
    written = write_conversation(database, user.id, "gone")
    leaf = add_message(database, user.id, written.id, written.first_answer_id, "Tamil: கலீ 🎉")
    data = b"".join(to_pdf(Transcript(database, user.id, written.id, leaf)))
    text = " ".join(read_pages(data))
    assert "[U+0B95][U+0BB2][U+0BC0] [party popper]" in text
    assert "4 characters could not be drawn" in text
    assert "names or numbers: U+0B95" in text


def test_hostile_text_is_shown_and_does_nothing(database: Database, user: Person) -> None:
    written = write_conversation(database, user.id, "gone")
    hostile = (
        '#read("/etc/passwd") #import "@preview/x:1.0.0" $ #panic() <script>alert(1)</script> '
        "[x](javascript:alert(1)) ![p](https://tracker.example/p.png)\n\n```\n#panic()\n```"
    )
    leaf = add_message(database, user.id, written.id, written.first_answer_id, hostile)
    data = b"".join(to_pdf(Transcript(database, user.id, written.id, leaf)))
    text = " ".join(read_pages(data))
    assert '#read("/etc/passwd")' in text
    assert "<script>alert(1)</script>[x](javascript:alert(1))[p]" in text.replace(" ", "")
    assert b"/URI" not in data
    assert b"/JavaScript" not in data


def test_long_conversations_are_made_in_pieces_with_all_their_text(
    database: Database, user: Person
) -> None:
    written = write_conversation(database, user.id, "gone")
    huge = " ".join(f"word{n}" for n in range(20_000))
    leaf = add_message(database, user.id, written.id, written.first_answer_id, huge)
    leaf = add_message(database, user.id, written.id, leaf, "- x\n" * 3_000, role="assistant")
    pages = read_pages(b"".join(to_pdf(Transcript(database, user.id, written.id, leaf))))
    text = " ".join(pages)
    assert len(pages) > 20
    assert [page.split()[-1] for page in pages] == [str(n + 1) for n in range(len(pages))]
    assert text.count("•") == 3_000
    joined = text.replace(" ", "")
    assert all(f"word{n}" in joined for n in range(0, 20_000, 997))


@pytest.mark.parametrize("text", [">" * 200 + " deep", "- " * 200 + "deep", "*a " * 500 + "deep"])
def test_deep_nesting_loses_no_text(text: str) -> None:
    assert "deep" in _text([node for node, _ in blocks(text)])


def _text(value: Any) -> str:
    return "".join(map(_text, value)) if isinstance(value, list) else str(value)


def test_markdown_becomes_a_tree() -> None:
    text = "# T\n\n1. a **b**\n2. `c`\n\n| h |\n|---|\n| [1] |\n\n> q\n\n---\n\n    code\n"
    assert [node for node, _ in blocks(text, {1})] == [
        ["heading", 1, [["text", "T"]]],
        [
            "numbers",
            1,
            [
                [["paragraph", [["text", "a "], ["strong", [["text", "b"]]]]]],
                [["paragraph", [["code", "c"]]]],
            ],
        ],
        ["table", 1, [[["text", "h"]], [["mark", "[1]"]]]],
        ["quote", [["paragraph", [["text", "q"]]]]],
        ["rule"],
        ["code", "code"],
    ]
