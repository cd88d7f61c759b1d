"""`scripts/bench/try_ranking.py`, which docs/retrieval.md rests on."""

import re
import subprocess
import sys
from pathlib import Path

from evaluation.sets import CORPUS, QUERIES, write_set
from evaluation.test_command import run

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = ROOT / "scripts" / "bench" / "try_ranking.py"


def try_ranking(*arguments: str | Path) -> str:
    command = [sys.executable, SCRIPT, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def names_of_ideas() -> set[str]:
    return {line.split()[0] for line in try_ranking("--list").splitlines()}


def figures(table: str) -> dict[str, list[str]]:
    """Return the cells of each row by its first one."""
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in table.splitlines()]
    return {row[0]: row[1:] for row in rows if len(row) > 1 and row[0] != "---"}


def test_every_idea_gives_figures_and_the_products_are_those_of_the_command(tmp_path: Path) -> None:
    long = [
        {"id": f"log{n}", "title": "Log", "text": f"The keeper of light {n} wrote. " * 40}
        for n in range(3)
    ]
    queries = [*QUERIES, {"id": "q3", "text": "And in the garden?", "previous": ["Tomatoes?"]}]
    folder = write_set(
        tmp_path / "set", [*CORPUS, *long], queries, "q1\tgenoa\t2\nq2\ttomatoes\t1\nq3\tgenoa\t1\n"
    )
    kept = tmp_path / "kept"
    setting = ("--set", "CHUNK_MAX_CHARACTERS=300")
    tried = figures(try_ranking(folder, "--idea", "all", "--given", "--work-dir", kept, *setting))
    assert tried.keys() == {"set", "the product", *names_of_ideas()}
    command = figures(run(folder, "--work-dir", kept, *setting).stdout)["set"]
    ndcg, _, *others, _ = tried["the product"]
    assert [ndcg, *others] == command[:4]


def test_the_documentation_names_every_idea_and_no_other() -> None:
    page = (ROOT / "docs" / "retrieval.md").read_text()
    section = page.partition("### Tried and left out")[2].partition("\n## ")[0]
    named = set(re.findall(r"^\| `([^`]+)`", section, re.MULTILINE))
    assert named == names_of_ideas()
