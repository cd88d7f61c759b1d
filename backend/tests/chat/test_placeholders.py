"""Variables in prompts."""

import pytest

from backend.chat.placeholders import fill_placeholders, placeholder_names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Sum up {{what}} for {{ reader }}; again {{what}}.", ["what", "reader"]),
        ("{{due date}} {{größe}} {{日付}} {{a-b}}", ["due date", "größe", "日付", "a-b"]),
        ("{name} {{}} {{ }} {{a\nb}} {{a.b}} {{<x>}} }}{{", []),
        ("{{{x}}}", ["x"]),
        ("{{" + "x" * 60 + "}}", []),
    ],
)
def test_the_names_in_double_braces_are_variables(text: str, names: list[str]) -> None:
    assert placeholder_names(text) == names


def test_only_what_is_known_is_filled_in_and_only_once() -> None:
    filled = fill_placeholders("{{ a }} {{b}}", {"a": "{{b}}"})
    assert filled == "{{b}} {{b}}"
