"""Watched folders as a person meets them: a real server, a real folder, the real commands."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from server_process import ServerProcess

DEADLINE_S = 30
ACCOUNT = {"username": "ada", "password": "correct horse"}


def run(data_dir: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "backend", *arguments],
        env={**os.environ, "DATA_DIR": str(data_dir), **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    pytest.fail(f"still waiting for {what}")


def test_a_server_hears_of_new_changed_renamed_and_removed_files(tmp_path: Path) -> None:
    folder = tmp_path / "Reports"
    folder.mkdir()
    (folder / "early.txt").write_text("It was there before the server.")
    settings = {
        "WATCH_FOLDERS": str(folder),
        "WATCH_QUIET_S": "0.2",
        "WATCH_INTERVAL_S": "3600",  # whatever is seen, a notice brought it
    }
    with ServerProcess(tmp_path / "data", **settings) as server:
        token = server.call("POST", "/api/auth/register", ACCOUNT)[1]["token"]

        def documents() -> dict[str, dict[str, Any]]:
            items = server.get("/api/documents", Authorization=f"Bearer {token}")[1]["items"]
            return {item["filename"]: item for item in items}

        def ready(name: str) -> dict[str, Any] | None:
            item = documents().get(name)
            return item if item and item["status"] == "ready" else None

        wait_for(lambda: ready("early.txt"), "the file that was there before")
        (folder / "deep").mkdir()
        file = folder / "deep" / "a.txt"
        file.write_text("The lamp is lit.")
        first = wait_for(lambda: ready("a.txt"), "the new file")
        assert first["source_path"] == "Reports/deep/a.txt"
        file.write_text("The lamp was put out.")
        second = wait_for(
            lambda: (item := ready("a.txt")) and item["id"] != first["id"] and item, "the change"
        )
        wait_for(lambda: len(documents()) == 2, "the end of the version before")
        file.rename(folder / "b.txt")
        renamed = wait_for(lambda: documents().get("b.txt"), "the new name")
        assert renamed["id"] == second["id"]
        (folder / "b.txt").unlink()
        wait_for(lambda: set(documents()) == {"early.txt"}, "the removal")

        listed = run(tmp_path / "data", "watch", "--list")
        assert f"{folder} (ada): 1 files are documents" in listed.stdout
        refused = run(tmp_path / "data", "unwatch", str(folder), **settings)
        assert refused.returncode == 1
        assert "WATCH_FOLDERS names" in refused.stderr
        doctor = run(tmp_path / "data", "doctor")
        assert doctor.returncode == 0, doctor.stdout
        assert server.stop() < 6

    released = run(tmp_path / "data", "unwatch", str(folder))
    assert "are kept" in released.stdout
    assert "No folder is watched." in run(tmp_path / "data", "watch", "--list").stdout


def test_the_command_watches_without_a_server_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    folder = tmp_path / "Reports"
    folder.mkdir()
    (folder / "a.txt").write_text("The lamp is lit.")
    with ServerProcess(tmp_path / "data") as server:
        assert server.call("POST", "/api/auth/register", ACCOUNT)[0] == 201
    process = subprocess.Popen(
        [sys.executable, "-m", "backend", "watch", str(folder), "--user", "ADA"],
        env={**os.environ, "DATA_DIR": str(tmp_path / "data"), "WATCH_QUIET_S": "0.2"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(f"Watching {folder}")
        assert process.stdout.readline() == "Added: Reports/a.txt\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0
        assert process.stdout.read() == ""


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["watch"], "Name a folder to watch, or set WATCH_FOLDERS."),
        (["watch", __file__], "is a file. Name the folder it lies in."),
        (["unwatch", "nowhere"], "is not watched."),
        (["unwatch", "nowhere", "--user", "nobody"], "There is no account nobody."),
    ],
)
def test_a_wrong_call_is_refused_in_one_sentence(
    tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    answer = run(tmp_path / "data", *arguments)
    assert answer.returncode == 1
    assert sentence in answer.stderr
    assert "Traceback" not in answer.stderr
