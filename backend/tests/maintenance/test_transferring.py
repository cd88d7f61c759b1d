"""`docchat export` and `docchat import` as a person types them."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from account_content import content_hashes, fill
from backend.config import load_config
from backend.db.repositories import conversations, users
from foreign_exports import lighthouse_chat
from installations import Installation, install

DEADLINE_S = 120


@pytest.fixture
def home(tmp_path: Path) -> Installation:
    return install(load_config(data_dir=tmp_path / "home"))


@pytest.fixture
def other_home(tmp_path: Path) -> Installation:
    return install(load_config(data_dir=tmp_path / "other"))


def docchat(home: Installation, *arguments: object) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "backend", *map(str, arguments)],
        env={**os.environ, "DATA_DIR": str(home.config.data_dir)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    return done.returncode, done.stdout


def test_an_account_is_moved_by_two_commands(
    home: Installation, other_home: Installation, pdf: bytes, tmp_path: Path
) -> None:
    ada, bob = home.add_user("ada"), other_home.add_user("bob")
    fill(home, ada, pdf)
    file = tmp_path / "ada.zip"
    status, told = docchat(home, "export", file)
    assert status == 0, told
    assert zipfile.is_zipfile(file)
    assert docchat(home, "export", file)[0] == 1
    status, told = docchat(other_home, "import", file, "--user", "Bob")
    assert status == 0, told
    assert "conversations: 2 imported, 0 skipped" in told
    assert content_hashes(other_home, bob) == content_hashes(home, ada)


def test_an_export_of_another_program_and_one_conversation(
    home: Installation, tmp_path: Path
) -> None:
    home.add_user("ada")
    file = tmp_path / "conversations.json"
    file.write_text(json.dumps([lighthouse_chat()]))
    status, told = docchat(home, "import", file)
    assert (status, told.splitlines()[0]) == (0, "conversations: 1 imported, 0 skipped")
    with home.database.db_session() as session:
        user = users.first_admin(session)
        assert user is not None
        [record], _ = conversations.list_page(session, user.id, limit=10)
    for name, start in (
        ("talk.md", b"# Lighthouses"),
        ("talk.pdf", b"%PDF"),
        ("talk.json", b'{"format": "docchat-conversation"'),
    ):
        status, told = docchat(home, "export", tmp_path / name, "--conversation", record.id)
        assert status == 0, told
        assert (tmp_path / name).read_bytes().startswith(start)
    written = json.loads((tmp_path / "talk.json").read_text())
    assert written["conversation"]["id"] == record.id
    assert set(written["branch"]) < {message["id"] for message in written["messages"]}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("import", "{file}"), "cannot be read"),
        (("import", "{file}", "--user", "nobody"), "no account nobody"),
        (("export", "{new}", "--user", "nobody"), "no account nobody"),
        (("export", "{new}", "--conversation", "x"), "does not exist"),
        (("export", "/nowhere/at/all.zip"), "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_sentence(
    home: Installation, tmp_path: Path, arguments: tuple[str, ...], reason: str
) -> None:
    home.add_user("ada")
    file, new = tmp_path / "x.json", tmp_path / "new.zip"
    file.write_text("hello")
    status, told = docchat(home, *(a.format(file=file, new=new) for a in arguments))
    assert status == 1
    assert reason in told
    assert len(told.splitlines()) == 1
    assert not new.exists()
