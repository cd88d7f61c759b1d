"""Prints one SHA-256 over the names and contents of the given files and folders."""

import hashlib
import sys
from pathlib import Path

SKIPPED = {"node_modules", "dist", "test-results", "playwright-report", "__pycache__"}


def files_below(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    found = (p for p in path.rglob("*") if p.is_file())
    return sorted(p for p in found if not SKIPPED.intersection(p.parts))


digest = hashlib.sha256()
for argument in sys.argv[1:]:
    for file in files_below(Path(argument)):
        digest.update(f"{file.as_posix()}\0{file.stat().st_size}\0".encode())
        digest.update(file.read_bytes())
sys.stdout.write(digest.hexdigest() + "\n")
