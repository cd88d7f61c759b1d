"""What the watcher does around its passes: waiting, locks, notices."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backend.config import Config
from backend.db.session import Database
from backend.ingest.watch.notices import Notices
from backend.ingest.watch.watcher import FolderWatcher


@pytest.fixture
def quick_config(make_config: Callable[..., Config]) -> Config:
    return make_config(watch_quiet_s=0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "Reports"
    folder.mkdir()
    (folder / "a.txt").write_text("one")
    return folder


@pytest.fixture
def changed() -> threading.Event:
    return threading.Event()


@pytest.fixture
def notices(folder: Path, changed: threading.Event) -> Iterator[Notices]:
    notices = Notices(changed, (os.fsencode(folder / "data"),))
    notices.start()
    notices.follow(os.fsencode(folder))
    yield notices
    notices.stop()


def test_it_waits_until_there_is_an_account(
    quick_config: Config, database: Database, folder: Path, user_id: str
) -> None:
    told: list[str] = []
    owners: list[str | None] = [None, None, user_id]
    watcher = FolderWatcher(
        quick_config, database, [os.fsencode(folder)], lambda: owners.pop(0), told.append
    )
    assert watcher.run_pass().is_unfinished
    assert watcher.run_pass().added == 0
    assert watcher.run_pass().added == 1
    assert [line.split(" ")[0] for line in told] == ["The", "Watching", "Added:"]
    watcher.close()


def test_a_second_watcher_of_the_same_folder_says_so_and_waits(
    quick_config: Config, database: Database, folder: Path, user_id: str
) -> None:
    told: list[str] = []
    folders = [os.fsencode(folder)]
    first = FolderWatcher(quick_config, database, folders, lambda: user_id)
    second = FolderWatcher(quick_config, database, folders, lambda: user_id, told.append)
    assert first.run_pass().added == 1
    assert second.run_pass().added == 0
    assert "Another process watches" in told[0]
    first.close()
    second.run_pass()
    assert told[1].endswith("again.")
    second.close()


def test_a_missing_folder_keeps_no_other_from_being_watched(
    quick_config: Config, database: Database, folder: Path, user_id: str
) -> None:
    told: list[str] = []
    missing = os.fsencode(folder.with_name("missing"))
    watcher = FolderWatcher(
        quick_config, database, [missing, os.fsencode(folder)], lambda: user_id, told.append
    )
    assert watcher.run_pass().added == 1
    assert "cannot be read" in told[0]
    watcher.run_pass()
    assert len(told) == 2
    watcher.close()


def test_a_notice_comes_for_documents_and_not_for_leftovers(
    folder: Path, notices: Notices, changed: threading.Event
) -> None:
    (folder / "data").mkdir()
    (folder / "~$a.docx").write_text("owner")
    (folder / "a.txt").write_text("one, changed")
    assert changed.wait(10)
    assert not notices.follow(os.fsencode(folder))


def test_a_folder_that_took_the_place_of_another_is_followed_anew(
    folder: Path, notices: Notices, changed: threading.Event
) -> None:
    folder.rename(folder.with_name("old"))
    folder.mkdir()
    assert notices.follow(os.fsencode(folder))
    changed.clear()
    (folder / "b.txt").write_text("two")
    assert changed.wait(10)
