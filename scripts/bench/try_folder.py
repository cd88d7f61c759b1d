"""Gives every file of a folder to a real server and tells how each of them ended.

    .venv/bin/python scripts/bench/try_folder.py FOLDER [--list]

Exits 0 only if every file was refused with a reason or reached a final state, no document is
ready without text, and `docchat doctor` finds nothing.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
from person import ENDED, Person
from soak_ingest import examine

sys.path.insert(0, str(Path(__file__).parents[2] / "backend" / "tests"))

from server_process import ServerProcess

LONGEST_S = 3_600


def upload_all(person: Person, folder: Path) -> tuple[dict[str, dict[str, Any]], int]:
    """Upload the files below `folder`; return the errors of those refused and the repetitions."""
    refused, ids, repeated = {}, set[str](), 0
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        try:
            document_id = person.upload(path.name, path.read_bytes())["id"]
        except httpx.HTTPStatusError as error:
            refused[str(path.relative_to(folder))] = error.response.json()["error"]
        else:
            repeated += document_id in ids
            ids.add(document_id)
    return refused, repeated


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--list", action="store_true", help="print every file that has no text")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        data = Path(name)
        with ServerProcess(data, LOG_LEVEL="ERROR") as server:
            person = Person(server.url)
            refused, repeated = upload_all(person, options.folder)
            began = time.monotonic()
            while (documents := person.documents()) and time.monotonic() - began < LONGEST_S:
                if all(document["status"] in ENDED for document in documents):
                    break
                time.sleep(1)
            ended_s = time.monotonic() - began
            doctor = examine(data)
    statuses = Counter(document["status"] for document in documents)
    failures = Counter(document["error"]["code"] for document in documents if document["error"])
    textless = [d for d in documents if d["status"] == "ready" and not d["chunk_count"]]
    unended = [d for d in documents if d["status"] not in ENDED]
    speechless = [d for d in documents if d["status"] == "failed" and not d["error"]["message"]]
    rows = [
        ("files", str(len(refused) + repeated + sum(not d["archive_id"] for d in documents))),
        ("refused at once", str(len(refused))),
        *((f"… {c}", str(n)) for c, n in Counter(e["code"] for e in refused.values()).items()),
        ("the same bytes again", str(repeated)),
        ("documents, with those from archives", str(len(documents))),
        *((f"… {status}", str(n)) for status, n in sorted(statuses.items())),
        *((f"… failed: {code}", str(n)) for code, n in sorted(failures.items())),
        ("ready without text", str(len(textless))),
        ("failed without a sentence", str(len(speechless))),
        ("not in a final state", str(len(unended))),
        ("seconds after the last upload", f"{ended_s:.0f}"),
        ("doctor", doctor),
    ]
    sys.stdout.write("| what | result |\n|---|---|\n")
    sys.stdout.writelines(f"| {label} | {value} |\n" for label, value in rows)
    if options.list:
        sys.stdout.write("\n")
        for filename, error in refused.items():
            sys.stdout.write(f"{filename}: {error['code']}: {error['message']}\n")
        for document in documents:
            if document["error"]:
                error = document["error"]
                sys.stdout.write(f"{document['filename']}: {error['code']}: {error['message']}\n")
    is_fine = not (textless or unended or speechless) and doctor == "clean"
    return 0 if is_fine else 1


if __name__ == "__main__":
    sys.exit(main())
