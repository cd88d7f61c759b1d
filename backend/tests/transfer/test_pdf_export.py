"""Conversations as PDF."""

import ctypes
from typing import Any

import pypdfium2
import pypdfium2.raw as raw
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
    "Armenian": "Փարոսը բարձր է",
    "Bengali": "বাতিঘরটি খুব উঁচু",
    "Tamil": "கலங்கரை விளக்கம்",
    "Telugu": "దీపస్తంభం చాలా ఎత్తుగా ఉంది",
    "Kannada": "ದೀಪಸ್ತಂಭವು ಎತ್ತರವಾಗಿದೆ",
    "Malayalam": "വിളക്കുമാടം വളരെ ഉയരമുള്ളതാണ്",
    "Gujarati": "દીવાદાંડી ખૂબ ઊંચી છે",
    "Gurmukhi": "ਚਾਨਣ ਮੁਨਾਰਾ ਬਹੁਤ ਉੱਚਾ ਹੈ",
    "Oriya": "ବତୀଘର ବହୁତ ଉଚ୍ଚ",
    "Sinhala": "ප්‍රදීපාගාරය ඉතා උසයි",
    "Khmer": "ប៉មភ្លើងហ្វារខ្ពស់ណាស់",
    "Lao": "ປະພາຄານສູງຫຼາຍ",
    "Myanmar": "မီးပြတိုက်သည် အလွန်မြင့်မားသည်",
    "Ethiopic": "የመብራት ማማው ረጅም ነው",
    "Cherokee": "ᏣᎳᎩ",
    "Mongolian": "ᠮᠣᠩᠭᠣᠯ",
    "Thaana": "ދިވެހި",
    "Syriac": "ܠܫܢܐ",
    "N'Ko": "ߒߞߏ",
    "Tifinagh": "ⵜⴰⵎⴰⵣⵉⵖⵜ",
    "Yi": "ꆈꌠꁱꂷ",
    "Inuktitut": "ᐃᓄᒃᑎᑐᑦ",
    "Javanese": "ꦧꦱꦗꦮ",
    "emoji": "🎉 😀 👍🏽 👨‍👩‍👧 🇩🇪 1️⃣ ❤️",
    "symbols": "→ ∑ √ ✓ █ ½",
}


def test_scripts_are_drawn(database: Database, user: Person) -> None:
    written = write_conversation(database, user.id, "gone")
    question = "\n\n".join(WORDS.values())
    leaf = add_message(database, user.id, written.id, written.first_answer_id, question)
    data = b"".join(to_pdf(Transcript(database, user.id, written.id, leaf)))
    text = "".join(read_pages(data)).replace(" ", "")
    assert "U+" not in text
    for script, words in WORDS.items():
        if script not in ("Bengali", "Khmer"):  # read with letters of a cluster repeated
            assert words.replace(" ", "") in text, script


def test_scripts_are_shaped_by_the_fonts_made_for_them(database: Database, user: Person) -> None:
    written = write_conversation(database, user.id, "gone")
    leaf = add_message(database, user.id, written.id, written.first_answer_id, "ক্ষ ᏣᎳᎩ 👨‍👩‍👧")
    data = b"".join(to_pdf(Transcript(database, user.id, written.id, leaf)))
    assert {"NotoSansBengali-Regular", "KurintoSans-Rg", "NotoEmoji-Regular"} <= font_names(data)


def font_names(data: bytes) -> set[str]:
    """Return the names of the fonts that draw the first page, without their subsets' tags."""
    found = set()
    with pypdfium2.PdfDocument(data) as document:
        for item in document[0].get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT]):
            name = ctypes.create_string_buffer(200)
            raw.FPDFFont_GetBaseFontName(raw.FPDFTextObj_GetFont(item), name, len(name))
            found.add(name.value.decode().partition("+")[2])
    return found


def test_what_no_font_draws_is_given_by_name_or_number_and_told_at_the_end(
    database: Database, user: Person
) -> None:
    written = write_conversation(database, user.id, "gone")
    leaf = add_message(database, user.id, written.id, written.first_answer_id, "Tibetan: བོད ༕")
    data = b"".join(to_pdf(Transcript(database, user.id, written.id, leaf)))
    text = " ".join(read_pages(data))
    assert "[U+0F56][U+0F7C][U+0F51] [tibetan logotype sign chad rtags]" in text
    assert "4 characters could not be drawn" in text
    assert "names or numbers: U+0F56" in text


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
