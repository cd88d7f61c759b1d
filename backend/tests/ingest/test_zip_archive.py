"""What a ZIP archive lists, which of its files are read, and which archives are refused."""

import bz2
import os
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from backend.errors import DocumentTooLarge, DocumentUnreadable
from backend.ingest.extract.zip_archive import UnreadableFile, ZipArchive
from backend.ingest.extract.zip_directory import read_directory
from zip_maker import RawEntry, add_link, make_archive, make_raw, unicode_path, with_zip64_end

Write = Callable[[bytes], Path]
MIB = 1024 * 1024


def names(path: Path) -> list[str]:
    with closing(ZipArchive(path, MIB)) as archive:
        return [file.name for file in archive.files]


def problems(path: Path) -> dict[str, str | None]:
    with closing(ZipArchive(path, MIB)) as archive:
        return {file.name: file.problem for file in archive.files}


def read_all(path: Path, block_bytes: int = 1000) -> list[bytes]:
    contents = []
    with closing(ZipArchive(path, MIB)) as archive:
        for file in archive.files:
            with closing(archive.open(file, lambda: None)) as stream:
                contents.append(b"".join(iter(lambda s=stream: s.read(block_bytes), b"")))
    return contents


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("folder/README.md", "folder/README.md"),
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("C:\\Users\\ada\\note.txt", "Users/ada/note.txt"),
        ("a/./b//c.txt", "a/b/c.txt"),
        ("line\nbreak.txt", "linebreak.txt"),
        ("\U0001f600 smile.txt", "\U0001f600 smile.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("Größe/文書.txt", "Größe/文書.txt"),
        ("x" * 300 + ".txt", "x" * 196 + ".txt"),
        ("y" * 150 + "/" + "x" * 100 + ".txt", "x" * 100 + ".txt"),
        ("..", "document"),
    ],
)
def test_a_name_is_made_safe_and_kept_as_far_as_it_goes(
    write: Write, stored: str, shown: str
) -> None:
    assert names(write(make_archive({stored: "text"}))) == [shown]


def test_names_are_read_in_the_encoding_they_were_written_in(write: Write) -> None:
    plain = "Größe.txt".encode("cp437")
    entries = [
        RawEntry("Größe1.txt".encode(), b"1", flags=0x800),
        RawEntry("Größe2.txt".encode(), b"2"),  # as macOS does it
        RawEntry("Größe3.txt".encode("cp437"), b"3"),
        RawEntry(plain, b"4", extra=unicode_path(plain, "Größe 文.txt")),
        RawEntry(b"5.txt", b"5", extra=unicode_path(b"another name", "not mine.txt")),
    ]
    path = write(make_raw(entries))
    assert names(path) == ["Größe1.txt", "Größe2.txt", "Größe3.txt", "Größe 文.txt", "5.txt"]
    assert read_all(path) == [b"1", b"2", b"3", b"4", b"5"]


def test_folders_and_what_systems_add_are_left_out(write: Write) -> None:
    stored = [
        "docs/",
        "docs/a.txt",
        "__MACOSX/docs/._a.txt",
        "docs/.DS_Store",
        "._b",
        "b/Thumbs.db",
    ]
    assert names(write(make_archive(dict.fromkeys(stored, "text")))) == ["docs/a.txt"]


def test_a_link_is_never_followed(write: Write) -> None:
    assert problems(write(add_link("secrets.txt", "/etc/passwd"))) == {
        "secrets.txt": "it is a link",
        "note.txt": None,
    }


def test_files_with_a_password_or_over_the_limit_are_named_with_the_reason(write: Write) -> None:
    entries = [
        RawEntry(b"secret.txt", b"?", flags=1),
        RawEntry(b"large.txt", os.urandom(MIB + 1)),
        RawEntry(b"fine.txt", b"!"),
    ]
    assert problems(write(make_raw(entries))) == {
        "secret.txt": "it needs a password",
        "large.txt": "it is larger than the allowed 1 MiB",
        "fine.txt": None,
    }


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_every_common_packing_is_unpacked_whole(write: Write, method: int) -> None:
    content = os.urandom(5000) + b"lighthouse " * 9000
    assert read_all(write(make_archive({"a.bin": content}, method)), 60_000) == [content]


def test_a_bzip2_bomb_gives_no_more_than_it_declares(write: Write) -> None:
    bomb = bz2.compress(bytes(900_000))
    entry = RawEntry(b"a.bin", bomb, method=zipfile.ZIP_BZIP2, declared_bytes=10)
    with pytest.raises(UnreadableFile, match="damaged"):
        read_all(write(make_raw([entry])))


def test_a_file_never_gives_more_than_it_declares(write: Write) -> None:
    path = write(make_raw([RawEntry(b"a.txt", bytes(MIB), declared_bytes=100)]))
    with (
        closing(ZipArchive(path, MIB)) as archive,
        closing(archive.open(archive.files[0], lambda: None)) as stream,
        pytest.raises(UnreadableFile, match="damaged"),
    ):
        assert len(stream.read(MIB)) <= 100
        stream.read(MIB)


def test_an_unknown_packing_is_a_reason_of_its_own(write: Write) -> None:
    path = write(make_raw([RawEntry(b"a.txt", b"text", method=97)]))
    with pytest.raises(UnreadableFile, match="packed in a way"):
        read_all(path)


@pytest.mark.parametrize("broken", ["content", "header"])
def test_a_damaged_file_is_noticed(write: Write, broken: str) -> None:
    content = bytearray(make_raw([RawEntry(b"a.txt", os.urandom(2000))]))
    content[40 if broken == "content" else 2] ^= 0xFF
    with pytest.raises(UnreadableFile, match="damaged"):
        read_all(write(bytes(content)))


def test_an_archive_that_is_cut_off_is_refused(write: Write) -> None:
    with pytest.raises(DocumentUnreadable):
        ZipArchive(write(make_archive({"a.txt": "text"})[:-30]), MIB)


def test_an_archive_that_unpacks_to_a_huge_multiple_is_refused(write: Write) -> None:
    with pytest.raises(DocumentTooLarge, match="ZIP bomb"):
        ZipArchive(write(make_archive({"zeros.txt": bytes(20 * MIB)})), MIB)


def test_files_that_share_their_bytes_are_refused(write: Write) -> None:
    kernel = RawEntry(b"a", os.urandom(2000))
    again = [RawEntry(b"a", os.urandom(2000), offset=0) for _ in range(50)]
    with pytest.raises(DocumentTooLarge, match="overlap"):
        ZipArchive(write(make_raw([kernel, *again])), MIB)


def test_an_archive_with_its_end_in_the_form_of_zip64_is_read(write: Write) -> None:
    path = write(with_zip64_end(make_archive({"a.txt": "text", "b.txt": "more"})))
    assert names(path) == [entry.name for entry in read_directory(path)] == ["a.txt", "b.txt"]


def test_a_table_of_contents_of_a_million_files_is_not_read(write: Write) -> None:
    path = write(with_zip64_end(make_archive({"a.txt": "text"}), count=10**6))
    with pytest.raises(DocumentTooLarge, match="too many parts"):
        ZipArchive(path, MIB)


def test_bytes_in_front_of_an_archive_do_no_harm(write: Write) -> None:
    assert read_all(write(b"#!/bin/sh\n" * 10 + make_archive({"a.txt": "text"}))) == [b"text"]


def test_whoever_reads_may_stop_between_two_blocks(write: Write) -> None:
    class Stop(Exception):
        pass

    def stop() -> None:
        raise Stop

    path = write(make_archive({"a.txt": "text"}))
    with closing(ZipArchive(path, MIB)) as archive:
        stream = archive.open(archive.files[0], stop)
        with pytest.raises(Stop):
            stream.read(10)
        stream.close()
