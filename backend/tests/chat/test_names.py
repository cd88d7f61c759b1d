"""Names in claims."""

import pytest

from backend.chat.names import missing_names, names, sequences_only, writes_nouns_in_capitals


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The tower was built by Ida Thorsen.", ["ida", "thorsen"]),
        ("Ida Thorsen built it. She lived in Bergen.", ["ida", "thorsen", "bergen"]),
        ("Towers are high. Ships sail.", []),
        ("NATO and the RV-9 trial", ["nato", "rv-9"]),
        ("On Monday in March he met Genoa's mayor.", ["genoa"]),
        ("Saint-Étienne lies near José", ["jose"]),
    ],
)
def test_names_are_capitalised_words_within_sentences(text: str, expected: list[str]) -> None:
    assert names(text) == expected


def test_a_name_is_found_with_other_endings_and_accents() -> None:
    assert missing_names(["brazil", "jose", "rv-9"], "The Brazilian José took RV-9.") == []
    assert missing_names(["norway"], "The Brazilian José") == ["norway"]


def test_german_nouns_are_no_names_but_sequences_are() -> None:
    german = "Die Brücke über den Fluss wurde im Winter von Karl Wessel mit Steinen gebaut."
    assert writes_nouns_in_capitals(german)
    assert sequences_only(german) == ["karl", "wessel"]
    assert not writes_nouns_in_capitals("The bridge was built by Karl Wessel in winter.")
