"""`docchat doctor` and `docchat reindex` as a person types them, beside a server and without."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from maintenance.house import MaintenanceHouse
from server_process import ServerProcess
from uploads import form

DEADLINE_S = 60


def docchat(data_dir: Path, *arguments: str) -> tuple[int, str]:
    """Run the command and return its exit status and what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "backend", *arguments],
        env={**os.environ, "DATA_DIR": str(data_dir)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    return done.returncode, done.stdout


def put_orphan_file(data_dir: Path) -> Path:
    path = data_dir / "files" / "ab" / ("ab" * 31)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"nobody needs this")
    return path


def upload(server: ServerProcess, token: str, data: bytes, name: str) -> str:
    sent = form(data, name)
    request = urllib.request.Request(
        f"{server.url}/api/documents",
        sent["data"],
        {"Content-Type": sent["content_type"], "Authorization": f"Bearer {token}"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        found: str = json.loads(answer.read())["document"]["id"]
    return found


def wait_until_ready(server: ServerProcess, token: str, document_id: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    document: dict[str, Any] = {}
    while time.monotonic() < deadline:
        answer = server.get(f"/api/documents/{document_id}", Authorization=f"Bearer {token}")
        document = answer[1]["document"]
        if document["status"] == "ready" and document["searchable"]:
            return
        time.sleep(0.05)
    pytest.fail(f"the document did not become ready: {document}")


def search(server: ServerProcess, token: str, query: str) -> list[dict[str, Any]]:
    _, body = server.get(f"/api/search?q={query}", Authorization=f"Bearer {token}")
    found: list[dict[str, Any]] = body["items"]
    return found


def test_without_a_server_they_open_the_house_themselves(house: MaintenanceHouse) -> None:
    house.close_index()
    data_dir = house.config.data_dir
    status, printed = docchat(data_dir, "doctor")
    assert (status, printed.count("\n")) == (0, 1), printed
    assert printed.startswith("All is well: 2 documents, 2 pages, ")
    path = put_orphan_file(data_dir)
    status, printed = docchat(data_dir, "doctor")
    assert status == 1
    assert printed.startswith("orphan_file: No document needs the file abab")
    status, printed = docchat(data_dir, "doctor", "--repair")
    assert status == 0, printed
    assert not path.exists()
    status, printed = docchat(data_dir, "reindex")
    assert status == 0, printed
    assert "of 2 documents." in printed.splitlines()[-1]
    assert docchat(data_dir, "doctor")[0] == 0


def test_beside_a_server_they_ask_it(tmp_path: Path) -> None:
    with ServerProcess(tmp_path) as server:
        account = {"username": "ada", "password": "correct horse"}
        token = server.call("POST", "/api/auth/register", account)[1]["token"]
        text = b"The lighthouse of Genoa is 77 metres high. It was rebuilt in 1543."
        document_id = upload(server, token, text, "lighthouse.txt")
        wait_until_ready(server, token, document_id)
        status, printed = docchat(tmp_path, "doctor")
        assert status == 0, printed
        assert printed.startswith("All is well: 1 documents, 1 pages, 1 passages, 1 points, 1 file")
        path = put_orphan_file(tmp_path)
        assert docchat(tmp_path, "doctor")[0] == 1
        assert docchat(tmp_path, "doctor", "--repair")[0] == 0
        assert not path.exists()
        status, printed = docchat(tmp_path, "reindex")
        assert status == 0, printed
        assert [hit["document"]["id"] for hit in search(server, token, "lighthouse")] == [
            document_id
        ]
        assert docchat(tmp_path, "doctor")[0] == 0
    assert docchat(tmp_path, "doctor")[0] == 0
