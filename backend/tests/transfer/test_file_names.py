"""Names of saved files."""

import pytest

from backend.transfer.names import saved_name


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("How high is it?", "How high is it.md"),
        ("../../etc/passwd", "etc passwd.md"),
        ("a/b\\c:d*e", "a b c d e.md"),
        ("CON", "conversation CON.md"),
        ("...", "document.md"),
        ("Der Turm von Genua – 東京", "Der Turm von Genua – 東京.md"),
        ("evil\u202egnp.exe", "evilgnp.exe.md"),
        ("x" * 500, "x" * 80 + ".md"),
    ],
)
def test_a_title_becomes_a_name_that_every_system_takes(title: str, name: str) -> None:
    assert saved_name(title, "md") == name
