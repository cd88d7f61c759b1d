"""The store of original files."""

import hashlib
import io
import os
import time
from pathlib import Path

import pytest

from backend.errors import EmptyFile, NotFound, TooLarge
from backend.files import FileStore, shown_filename


@pytest.fixture
def files(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files")


def count_files(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))


def test_a_stored_file_is_found_by_its_sha256(files: FileStore) -> None:
    content = os.urandom(3_000_000)
    received = files.receive(io.BytesIO(content), 10_000_000)
    assert received.size_bytes == len(content)
    assert received.sha256 == hashlib.sha256(content).hexdigest()
    files.store(received)
    with files.open(received.sha256) as stream:
        assert stream.read() == content
    assert files.list_sha256() == [received.sha256]
    assert files.path(received.sha256).parent.name == received.sha256[:2]


def test_the_same_bytes_are_stored_once(files: FileStore, tmp_path: Path) -> None:
    for _ in range(2):
        files.store(files.receive(io.BytesIO(b"same"), 100))
    assert count_files(tmp_path) == 1


def test_a_file_that_is_too_large_is_not_read_to_its_end(files: FileStore, tmp_path: Path) -> None:
    stream = io.BytesIO(b"x" * 50_000_000)
    with pytest.raises(TooLarge, match="10 MiB"):
        files.receive(stream, 10 * 1024 * 1024)
    assert stream.tell() < 12 * 1024 * 1024
    assert count_files(tmp_path) == 0


def test_a_file_of_exactly_the_limit_is_accepted(files: FileStore) -> None:
    assert files.receive(io.BytesIO(b"12345"), 5).size_bytes == 5


def test_an_empty_file_is_refused(files: FileStore, tmp_path: Path) -> None:
    with pytest.raises(EmptyFile):
        files.receive(io.BytesIO(b""), 100)
    assert count_files(tmp_path) == 0


def test_a_broken_upload_leaves_nothing_behind(files: FileStore, tmp_path: Path) -> None:
    class Broken:
        def read(self, size: int) -> bytes:
            raise ConnectionError

    with pytest.raises(ConnectionError):
        files.receive(Broken(), 100)
    assert count_files(tmp_path) == 0


def test_a_deleted_file_is_not_found(files: FileStore) -> None:
    received = files.receive(io.BytesIO(b"gone"), 100)
    files.store(received)
    files.delete(received.sha256)
    files.delete(received.sha256)
    with pytest.raises(NotFound):
        files.open(received.sha256)


def test_a_name_that_is_no_sha256_never_becomes_a_path(files: FileStore) -> None:
    for name in ("../../etc/passwd", "AB" * 32, "ab" * 31 + "/.", ""):
        with pytest.raises(ValueError, match="sha256"):
            files.path(name)


def test_only_temporary_files_without_recent_writes_are_removed(
    files: FileStore, tmp_path: Path
) -> None:
    old = files.receive(io.BytesIO(b"old"), 100)
    recent = files.receive(io.BytesIO(b"recent"), 100)
    os.utime(old.path, (time.time() - 7200,) * 2)
    assert files.remove_stale() == 1
    assert not old.path.exists()
    recent.discard()
    recent.discard()
    assert count_files(tmp_path) == 0


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\report.pdf", "report.pdf"),
        ("line\nbreak\x00\x1b[31m.pdf", "linebreak[31m.pdf"),
        ("👩‍👩‍👧 family 日本.pdf", "👩‍👩‍👧 family 日本.pdf"),
        ("דוח שנתי.pdf", "דוח שנתי.pdf"),
        ("evil\u202efdp.exe", "evilfdp.exe"),
        ("lone\ud800.txt", "lone.txt"),
        ("..", "document"),
        ("", "document"),
        ("   ", "document"),
        ("/", "document"),
    ],
)
def test_a_name_is_shown_on_one_line_without_folders(given: str, shown: str) -> None:
    assert shown_filename(given) == shown


def test_a_long_name_keeps_its_ending() -> None:
    name = shown_filename("a" * 5000 + ".pdf")
    assert len(name) == 200
    assert name.endswith("a.pdf")
