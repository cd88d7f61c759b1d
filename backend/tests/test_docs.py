"""The documentation is true to the code where a program can tell."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    p for p in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")] if "node_modules" not in p.parts
)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?://|mailto:|#)([^)#\s]+)", page.read_text())
    assert [t for t in targets if not (page.parent / t).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_files_named_in_the_documentation_exist(page: Path) -> None:
    if page.name == "CHANGELOG.md":
        pytest.skip("a history may name what is gone")
    named = re.findall(r"`((?:backend|frontend|scripts|deploy|docs)/[\w./-]+)`", page.read_text())
    assert [n for n in named if not (ROOT / n).exists()] == []


def test_every_decision_gives_its_reason_and_is_numbered_once() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [p.name[:4] for p in decisions]
    assert len(numbers) == len(set(numbers))
    assert all(re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", p.name) for p in decisions)
