"""Plain text and Markdown."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.ingest.extract.base import ExtractedPage
from backend.ingest.extract.formats import MARKDOWN, PLAIN_TEXT
from backend.ingest.extract.text import (
    PAGE_CHARACTERS,
    TextExtractor,
    find_encoding,
)

Write = Callable[[bytes], Path]

PROSE = "Zürich liegt am See. Die Straße führt über Köln nach München. Größe zählt für ältere Öfen."


def read(path: Path, media_type: str = PLAIN_TEXT) -> list[ExtractedPage]:
    extraction = TextExtractor().open(path, media_type)
    pages = list(extraction.pages())
    assert extraction.page_count == len(pages)
    assert [page.number for page in pages] == list(range(1, len(pages) + 1))
    extraction.close()
    return pages


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"],
)
def test_text_in_any_common_encoding_is_read(write: Write, encoding: str) -> None:
    (page,) = read(write(PROSE.encode(encoding)))
    assert page.text == PROSE


def test_other_alphabets_in_old_encodings_are_guessed(write: Write) -> None:
    russian = "Москва стоит на реке. Это очень большой и старый город, столица страны. " * 5
    (page,) = read(write(russian.encode("cp1251")))
    assert page.text == russian


def test_an_encoding_is_found_by_what_comes_late_in_a_file(write: Write) -> None:
    path = write(b"plain ascii. " * 50_000 + "Größe".encode("cp1252"))
    assert find_encoding(path) != "utf-8"


def test_a_few_undecodable_bytes_do_not_lose_the_rest(write: Write) -> None:
    (page,) = read(write(b"\xff\xfe" + "Anfang ".encode("utf-16-le") + b"\x00\xd8" + b"E\x00"))
    assert page.text.startswith("Anfang ")


def test_line_ends_become_line_feeds_and_zero_bytes_vanish(write: Write) -> None:
    (page,) = read(write(b"one\r\ntwo\rthree\x00\n"))
    assert page.text == "one\ntwo\nthree\n"


def test_pages_end_at_paragraphs_and_are_of_bounded_size(write: Write) -> None:
    text = "\n\n".join(f"Paragraph {number}. " + "word " * 80 for number in range(200))
    pages = read(write(text.encode()))
    assert all(len(page.text) <= PAGE_CHARACTERS for page in pages)
    assert all(page.text.startswith("Paragraph ") for page in pages)
    assert " ".join(" ".join(p.text for p in pages).split()) == " ".join(text.split())


def test_a_file_larger_than_a_read_block_is_read_to_its_end(write: Write) -> None:
    text = "".join(f"Line {number} of many.\n" for number in range(100_000))
    pages = read(write(text.encode()))
    assert "\n".join(page.text for page in pages).split() == text.split()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(["word", "x" * 4000, "\n", "\n\n", " ", "  \n", "é😀", "\n\n\n\n", "a b"]),
        max_size=40,
    )
)
def test_no_visible_character_is_lost(write: Write, pieces: list[str]) -> None:
    text = "".join(pieces * 3)
    pages = read(write(text.encode()))
    assert "".join("".join(page.text for page in pages).split()) == "".join(text.split())


def test_markdown_headings_are_found_but_not_in_code(write: Write) -> None:
    text = (
        "# First\n\nText.\n\nSecond\n======\n\n```\n# no heading\n```\n\n"
        "### Third ###\nText\n---\n#hashtag\n\n- list\n"
    )
    (page,) = read(write(text.encode()), MARKDOWN)
    assert [heading.text for heading in page.headings] == ["First", "Second", "Third", "Text"]
    assert page.text[slice(page.headings[0].start, page.headings[0].end)] == "# First"
    assert page.text[slice(page.headings[1].start, page.headings[1].end)] == "Second\n======"
    for heading in page.headings:
        assert heading.text in page.text[heading.start : heading.end]


def test_plain_text_has_no_headings(write: Write) -> None:
    (page,) = read(write(b"# not a heading here"))
    assert page.headings == ()


def test_a_code_block_over_a_page_end_stays_a_code_block(write: Write) -> None:
    text = "```\n" + "# comment\n" * 1000 + "```\n# Heading\n"
    pages = read(write(text.encode()), MARKDOWN)
    assert len(pages) > 2
    assert [heading.text for page in pages for heading in page.headings] == ["Heading"]


def test_reading_may_begin_at_any_page(write: Write) -> None:
    extraction = TextExtractor().open(write(b"word \n" * 3000), PLAIN_TEXT)
    assert next(extraction.pages(first=3)).number == 3
