"""Citation marks and the statements before them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.chat.marks import (
    Claim,
    add_marks,
    find_claims,
    find_marks,
    find_unmarked,
    remove_unknown,
)


def numbers(text: str) -> list[tuple[int, ...]]:
    return [mark.numbers for mark in find_marks(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is high [1].", [(1,)]),
        ("It is high [1, 2] and old[12].", [(1, 2), (12,)]),
        ("It is high [1][ 2 ].", [(1,), (2,)]),
        ("In [2024] it was [1234].", []),
        ("A [link](http://x) and [1](http://x).", []),
        ("A [link with [1]](http://x) and http://x/[1] but [2]", [(2,)]),
        ("Escaped \\[1\\] and \\\\[2]", [(2,)]),
        ("Code `a[1]` and ``b`[1]`` but [2]", [(2,)]),
        ("A stray ` and [1]", [(1,)]),
        ("```python\na[1]\n```\nand [2]", [(2,)]),
        ("~~~\n[1]\n```\n[1]\n~~~\n[2]", [(2,)]),
        ("```\nunclosed [1]", []),
        ("Maths $x[1]$ and $$y[1]\n$$ and \\(z[1]\\) but [2]", [(2,)]),
        ("It costs $5 [1] and $7 [2].", [(1,), (2,)]),
        ("It costs US$5 [1], US$7 [2]", [(1,), (2,)]),
        ("[x] [] [1,] [,1] [1 2]", []),
    ],
)
def test_marks_are_found_in_prose_only(text: str, expected: list[tuple[int, ...]]) -> None:
    assert numbers(text) == expected


@pytest.mark.parametrize(
    ("text", "expected", "unknown"),
    [
        ("High [1]. Low [9].", "High [1]. Low.", [9]),
        ("High [1, 9].", "High [1].", [9]),
        ("High [9][1].", "High[1].", [9]),
        ("High [8] [9] and low", "High and low", [8, 9]),
        ("`a[9]` stays", "`a[9]` stays", []),
        ("[9]", "", [9]),
    ],
)
def test_numbers_that_were_not_given_are_removed(
    text: str, expected: str, unknown: list[int]
) -> None:
    assert remove_unknown(text, {1, 2}) == (expected, unknown)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is old. It is high [1].", [Claim(1, "It is high")]),
        ("It is old. It is high. [1]", [Claim(1, "It is high.")]),
        ("It is old. [2] It is high. [1]", [Claim(2, "It is old."), Claim(1, "It is high.")]),
        ("It is high [1][2].", [Claim(1, "It is high"), Claim(2, "It is high")]),
        ("It is high [1, 2].", [Claim(1, "It is high"), Claim(2, "It is high")]),
        (
            "Genoa rose by five metres [1], Naples sank by three metres [2].",
            [
                Claim(1, "Genoa rose by five metres"),
                Claim(2, ", Naples sank by three metres"),
            ],
        ),
        ("- high [1]\n- old [2]", [Claim(1, "- high"), Claim(2, "- old")]),
        ("It says “It is. High.” [1]", [Claim(1, "It is. High.")]),
        (
            "It says “old” [2] “He said “hi” to us.” [1]",
            [Claim(2, "old"), Claim(1, "He said “hi” to us.")],
        ),
        ("It is high\n[1]", [Claim(1, "It is high")]),
        ("[1]", [Claim(1, "")]),
        ("It is **very** *high* \\[2\\] [1]", [Claim(1, "It is very high [2]")]),
        ("| Tower | 77 metres [1] | old |", [Claim(1, "| Tower | 77 metres")]),
        ("高い塔。古い塔です[1]。", [Claim(1, "古い塔です")]),
    ],
)
def test_a_mark_stands_behind_its_statement(text: str, expected: list[Claim]) -> None:
    assert find_claims(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The tower measures 77 metres.", "The tower measures 77 metres [9]."),
        ("The tower measures 77 metres", "The tower measures 77 metres [9]"),
        ("“The tower measures 77 metres.”", "“The tower measures 77 metres.” [9]"),
        ("- tower measuring **77 long metres**", "- tower measuring **77 long metres** [9]"),
        ("Old towers stand firm [1]. Ships sail.", None),
        ("Old towers stand firm [1]. Old ships sail past.",
         "Old towers stand firm [1]. Old ships sail past [9]."),
        ("Does the tower measure 77 metres?", None),
        ("The tower has these old parts:", None),
        ("# The tower measures metres", None),
        ("| tower | measures | metres |", None),
        ("The tower measures `x metres`.", None),
        ("```\nThe tower measures 77 metres.\n```", None),
        ("The tower measures $x$ old metres.", None),
        ("See [the old tower measures](http://x) now.", None),
        ("Hello there!", None),
        ("“Old towers stand firm.” [1]", None),
        ("“Known by old John C. Messenger as firm.” [1]", None),
        ("“He said “old towers fall. Old ships sail past.” Yes.” [1] “Old ships sail.” [2]", None),
        (r"“See the old tower \[3]. Old ships sail past.” [1]", None),
        ("Old towers stand firm. “Old ships sail. Old men sleep well.” [1]",
         "Old towers stand firm [9]. “Old ships sail. Old men sleep well.” [1]"),
        ("Old towers stand firm. [1]\nOld ships sail past. [2][3]", None),
    ],
)  # fmt: skip
def test_a_mark_would_stand_behind_a_bare_statement(text: str, expected: str | None) -> None:
    marked = add_marks(text, [(statement.mark_at, 9) for statement in find_unmarked(text)])
    assert marked == (expected or text)


_SNIPPETS = st.sampled_from(
    ["[1]", "[2, 3]", "[9]", "[", "]", "`", "```", "\n", "$", "$$", "\\", "\\[", "\\]", "(", ".",
     " ", "word", "5", "“", "”", "🗼", "|", "~~~", ",", "“a”"]
)  # fmt: skip
_TEXTS = st.lists(_SNIPPETS, max_size=40).map("".join)


@given(_TEXTS)
def test_marks_lie_where_they_say_and_do_not_overlap(text: str) -> None:
    end = 0
    for mark in find_marks(text):
        assert end <= mark.start < mark.end
        assert text[mark.start] == "["
        assert text[mark.end - 1] == "]"
        end = mark.end


@given(_TEXTS)
def test_only_marks_and_blanks_before_them_are_removed(text: str) -> None:
    cleaned, unknown = remove_unknown(text, {1, 2, 3})
    assert bool(unknown) == (cleaned != text)
    rest = iter(text)
    assert all(character in rest for character in cleaned)  # a subsequence
    removed = len(text) - len(cleaned)
    assert removed <= sum(mark.end - mark.start for mark in find_marks(text)) + text.count(" ")


@given(st.lists(st.tuples(st.text(alphabet="abc .", max_size=9), st.integers(1, 9))))
def test_after_the_removal_all_marks_are_known(pieces: list[tuple[str, int]]) -> None:
    text = "".join(f"{words}[{number}]" for words, number in pieces)
    cleaned, unknown = remove_unknown(text, {1, 2, 3})
    assert {n for mark in find_marks(cleaned) for n in mark.numbers} <= {1, 2, 3}
    assert set(unknown).isdisjoint({1, 2, 3})


@given(_TEXTS)
def test_every_number_of_every_mark_has_its_claim(text: str) -> None:
    expected = [n for mark in find_marks(text) for n in dict.fromkeys(mark.numbers)]
    assert [claim.number for claim in find_claims(text)] == expected


@given(_TEXTS)
def test_added_marks_are_marks_and_nothing_else_changes(text: str) -> None:
    places = [(statement.mark_at, 7) for statement in find_unmarked(text)]
    marked = add_marks(text, places)
    assert marked.replace(" [7]", "") == text
    assert places == sorted(places)


def test_hostile_text_takes_no_time() -> None:
    for text in (
        "`" * 20_000,
        "` " * 10_000,
        "$a" * 10_000,
        "[1" * 10_000,
        "```\n" * 5_000,
        "“a.” [1]" * 5_000,
    ):
        find_claims(text)
        find_unmarked(text)
