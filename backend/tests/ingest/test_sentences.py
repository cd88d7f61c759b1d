"""Where sentences begin and end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.ingest.sentences import MAX_SENTENCE_CHARACTERS, split_sentences

LONG = "x" * 700


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text, 0, len(text))]


@pytest.mark.parametrize(
    "sentences",
    [
        ["The tower is 77 metres high.", "It was rebuilt in 1543!", "Why?", "Nobody knows…"],
        ["Dr. Smith met Mrs. Jones.", "They talked, e.g. about lamps."],
        ["The U.S. Army built it.", "It cost 3.5 million."],
        ["See Fig. 3 and Sec. 2.1 for more.", "Table 4 has the rest."],
        ["He said: “It works.”", "Then he left."],
        ["(It was late.)", "They slept."],
        ["J. K. Rowling wrote it.", "Others read it."],
        ["It rose by 3.2% to 4.5 p.m. time.", "Then it fell."],
        ["Is it No. 5?", "Yes."],
        ["She said no.", "He agreed."],
        ["Write to a.b@example.org or see www.example.org.", "Thanks."],
        ["これは文です。", "次の文です！", "終わり"],
        ["¿Qué hora es?", "¡Es tarde!", "Vamos."],
        ["Der Turm, d.h. der alte, steht.", "Er ist z.B. hoch."],
        ["The result (cf. Jan. 2020) holds.", "It was, i.e. is, so."],
        ["First line\nof a sentence.", "Second sentence\ngoes on."],
    ],
)
def test_sentences_are_split(sentences: list[str]) -> None:
    joint = "" if "。" in sentences[0] else " "
    assert split(joint.join(sentences)) == sentences


def test_a_blank_line_ends_a_sentence_without_a_mark() -> None:
    assert split("A title\n\nThe text\nof it") == ["A title", "The text\nof it"]


def test_list_items_are_sentences() -> None:
    text = "We need:\n• lamps\n• lenses and\n  mirrors\n1. First\n2. Second\n(a) third"
    assert split(text) == [
        "We need:",
        "• lamps",
        "• lenses and\n  mirrors",
        "1. First",
        "2. Second",
        "(a) third",
    ]


def test_a_table_is_cut_at_line_ends() -> None:
    rows = [f"Row {number} 1,234 5,678 9,012 3,456" for number in range(100)]
    pieces = split("\n".join(rows))
    assert all(len(piece) <= MAX_SENTENCE_CHARACTERS for piece in pieces)
    assert [row for piece in pieces for row in piece.split("\n")] == rows


def test_a_run_without_any_space_is_cut_by_force() -> None:
    pieces = split("x" * 1234)
    assert "".join(pieces) == "x" * 1234
    assert max(map(len, pieces)) == MAX_SENTENCE_CHARACTERS


def test_nothing_visible_gives_no_sentence() -> None:
    assert split("") == []
    assert split(" \n\n \t ") == []


@given(
    st.lists(
        st.sampled_from(
            [
                "word",
                "Word",
                ". ",
                ".",
                "? ",
                "\n",
                "\n\n",
                " ",
                "e.g. ",
                "3.",
                "x" * 700,
                "。",
                ")",
            ]
        )
        | st.text(max_size=5),
        max_size=60,
    ),
    st.integers(10, 600),
)
def test_sentences_cover_every_visible_character_in_order(pieces: list[str], limit: int) -> None:
    text = "".join(pieces)
    sentences = split_sentences(text, 0, len(text), limit)
    position = 0
    for start, end in sentences:
        assert text[position:start].strip() == ""
        assert 0 < end - start <= limit
        assert not text[start].isspace()
        assert not text[end - 1].isspace()
        position = end
    assert text[position:].strip() == ""
