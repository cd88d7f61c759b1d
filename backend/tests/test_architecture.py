"""The house rules that a linter does not know."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "backend" / "src" / "backend"
MAX_LINES = 500
NAMES_OF_NO_ROOM = {"utils", "util", "helpers", "helper", "common", "misc", "base_utils", "lib"}


def _own_files(*patterns: str) -> list[Path]:
    skipped = {"node_modules", "static", ".venv", "versions", "dist", "data"}
    found = [p for pattern in patterns for p in ROOT.rglob(pattern)]
    return [p for p in found if not skipped.intersection(p.relative_to(ROOT).parts)]


def _modules() -> list[tuple[Path, ast.Module]]:
    files = [p for p in SOURCE.rglob("*.py") if "versions" not in p.parts]
    return [(p, ast.parse(p.read_text())) for p in files]


def test_no_file_passes_500_lines() -> None:
    files = _own_files("*.py", "*.ts", "*.tsx", "*.css", "*.sh")
    assert len(files) > 50
    assert [str(p) for p in files if len(p.read_text().splitlines()) > MAX_LINES] == []


def test_no_module_is_a_drawer_for_everything() -> None:
    stems = {p.stem for p in SOURCE.rglob("*")} | {p.name for p in SOURCE.rglob("*") if p.is_dir()}
    assert stems & NAMES_OF_NO_ROOM == set()


def test_only_the_transaction_manager_commits() -> None:
    callers = [
        path.relative_to(SOURCE).as_posix()
        for path, tree in _modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"commit", "rollback"}
    ]
    assert callers == []


def test_only_config_reads_the_environment() -> None:
    readers = {
        path.relative_to(SOURCE).as_posix()
        for path, tree in _modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
        and node.attr in {"environ", "getenv"}
    }
    # The supervisor hands its own environment on to the worker it starts.
    assert readers <= {"ingest/supervisor.py"}


def test_sessions_are_made_in_one_place_only() -> None:
    makers = {
        path.relative_to(SOURCE).as_posix()
        for path, tree in _modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"sessionmaker", "create_engine", "Session"}
    }
    assert makers == {"db/session.py"}


def test_every_module_of_ours_says_what_it_is_for() -> None:
    silent = [
        path.relative_to(SOURCE).as_posix()
        for path, tree in _modules()
        if tree.body and ast.get_docstring(tree) is None
    ]
    assert silent == []


def test_nothing_names_a_package_registry() -> None:
    files = _own_files("*.lock", "package-lock.json", "*.toml", "*.sh", "*.json", ".npmrc", "*.txt")
    assert files
    address = re.compile(r"https?://[^\s\"']*(?:pypi|npmjs|pythonhosted|registry)")
    assert [str(p) for p in files if address.search(p.read_text(errors="replace"))] == []
