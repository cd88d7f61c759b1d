"""Conversations as Markdown."""

import pytest
from markdown_it import MarkdownIt

from backend.db.session import Database
from backend.transfer.markdown_export import harmless, to_markdown
from backend.transfer.transcript import Transcript
from people import Person
from written_conversation import QUOTE, add_document, add_message, write_conversation

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x]( java&#115;cript:alert(1) )",
    "[x\n](javascript:alert(1))",
    "[x]: javascript:alert(1)\n\n[x]",
    "[x][y]\n\n[y]: https://tracker.example",
    "![x](https://tracker.example/pixel.png)",
    "<javascript:alert(1)>",
    "a \\`<script>alert(1)</script>` b",
    "a `b\n<script>alert(1)</script>` c",
    "```\ncode\n```\n<script>alert(1)</script>",
    "```\n<b>never closed",
    "> - <iframe src=x>\n\n| a |\n|---|\n| <i> |",
    "\\<b>",
]


def _kinds(text: str) -> set[str]:
    tokens = MarkdownIt("commonmark").parse(text)
    return {t.type for t in tokens} | {c.type for t in tokens for c in t.children or ()}


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_a_message_leads_anywhere_or_is_html(text: str) -> None:
    assert not _kinds(harmless(text)) & {"html_inline", "html_block", "link_open", "image"}


def test_code_and_markup_stay_as_they_were_written() -> None:
    text = (
        "# Head\n\n- *one* `<b>`\n- **two**\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
        "```html\n<p>[x](y)</p>\n```"
    )
    assert harmless(text) == text


def test_a_megabyte_of_backticks_takes_no_time_to_speak_of() -> None:
    text = "".join("`" * (n % 300 + 1) + "a" for n in range(7_000))
    assert harmless(text)


def test_the_newest_branch_is_given_with_its_citations_as_footnotes(
    database: Database, user: Person
) -> None:
    document_id = add_document(database, user.id, "a" * 64)
    written = write_conversation(database, user.id, document_id, title="Tower <b> #1")
    text = "".join(to_markdown(Transcript(database, user.id, written.id)))
    assert text.startswith("# Tower \\<b\\> \\#1\n")
    assert "## You, 20" in text
    assert "## Answer \\(builtin:quotes\\), 20" in text
    assert "77 metres [^2-1], they say [^2-2]." in text
    assert f"[^2-1]: “{QUOTE[:-1]}\\.” — tower\\.pdf, page 2\n" in text
    assert "old\\.pdf, page 2 \\(the document has been deleted since\\)" in text
    assert "*This message was stopped\\.*" in text
    assert "did not clearly answer" in text
    assert "It is 77 metres high" not in text


def test_another_branch_is_given_by_its_last_message(database: Database, user: Person) -> None:
    document_id = add_document(database, user.id, "a" * 64)
    written = write_conversation(database, user.id, document_id)
    text = "".join(to_markdown(Transcript(database, user.id, written.id, written.first_answer_id)))
    assert "It is 77 metres high [^2-1]." in text
    assert "they say" not in text


def test_marks_without_a_citation_and_marks_in_code_are_left_alone(
    database: Database, user: Person
) -> None:
    document_id = add_document(database, user.id, "a" * 64)
    written = write_conversation(database, user.id, document_id)
    leaf = add_message(database, user.id, written.id, written.second_answer_id, "`a[1]` and [7]")
    text = "".join(to_markdown(Transcript(database, user.id, written.id, leaf)))
    assert "`a[1]` and [7]" in text
