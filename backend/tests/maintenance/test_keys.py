"""`docchat keys`: a new key file without losing a stored key, also when it is interrupted."""

import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from backend.config import Config
from backend.db.repositories import api_keys, stored_keys
from backend.db.session import Database
from backend.maintenance import keys
from backend.secret_box import SecretBox, open_secret_box, read_keys
from chat_house import add_user

SECRET = "sk-rotated-0123456789"


class KeyHouse:
    """A database with stored keys, and their file."""

    def __init__(self, database: Database, config: Config) -> None:
        self.database, self.config = database, config
        self.path = config.secret_key_path
        self.box = open_secret_box(self.path)
        self.user_ids = [add_user(database, name) for name in ("ann", "bob")]
        for number, user_id in enumerate(self.user_ids):
            self.store(user_id, f"{SECRET}{number}", self.box)
        self.told: list[str] = []

    def store(self, user_id: str, key: str, box: SecretBox) -> None:
        with self.database.db_transaction() as session:
            api_keys.get(session, user_id, "openai")
            encrypted = box.encrypt(key)
            api_keys.put(
                session, user_id, "openai", key_encrypted=encrypted, hint=None, base_url=None
            )

    def read(self, box: SecretBox | None = None) -> list[str]:
        box = box or open_secret_box(self.path)
        with self.database.db_session() as session:
            return [box.decrypt(key.encrypted) for key in stored_keys.list_all(session)]

    def rotate(self) -> None:
        keys.run_rotate(self.config, self.told.append)


ALL = [f"{SECRET}{number}" for number in range(2)]


@pytest.fixture
def house(database: Database, config: Config) -> KeyHouse:
    return KeyHouse(database, config)


def test_a_rotation_keeps_every_key_and_drops_the_old_one(house: KeyHouse) -> None:
    before = read_keys(house.path)
    house.rotate()
    [new] = read_keys(house.path)
    assert new not in before
    assert stat.S_IMODE(house.path.stat().st_mode) == 0o600
    assert house.read() == ALL
    with house.database.db_session() as session:
        for stored in stored_keys.list_all(session):
            Fernet(new).decrypt(stored.encrypted)
    assert house.told == ["Encrypted 2 stored keys with a new key and dropped the old one."]


@pytest.mark.postgres
def test_a_rotation_works_on_postgresql(
    postgres_database: Database, make_config: Callable[..., Config]
) -> None:
    url = postgres_database.engine.url.render_as_string(hide_password=False)
    house = KeyHouse(postgres_database, make_config(database_url=url))
    house.rotate()
    assert (len(read_keys(house.path)), house.read()) == (1, ALL)


def test_a_running_server_reads_and_writes_on_after_a_rotation(house: KeyHouse) -> None:
    house.rotate()
    assert house.read(house.box) == ALL
    house.store(house.user_ids[0], "sk-later", house.box)
    assert house.read() == ["sk-later", ALL[1]]


def test_a_rotation_that_dies_after_any_step_loses_nothing_and_can_be_run_again(
    house: KeyHouse,
) -> None:
    box = open_secret_box(house.path)
    new = keys.add_key(house.path)
    assert house.read() == house.read(house.box) == ALL  # the file is written
    house.store(house.user_ids[0], ALL[0], house.box)
    assert keys.encrypt_anew(house.database, box) == 2
    assert house.read() == house.read(house.box) == ALL  # the rows are written
    assert len(read_keys(house.path)) == 2
    house.rotate()
    assert new not in read_keys(house.path)
    assert len(read_keys(house.path)) == 1
    assert house.read() == house.read(house.box) == ALL


def test_a_half_written_file_of_a_dead_rotation_does_no_harm(house: KeyHouse) -> None:
    house.path.with_name(f"{house.path.name}.new").write_text("half a k")
    house.rotate()
    assert house.read() == ALL
    assert [p.name for p in house.path.parent.glob("secret.key*")] == ["secret.key"]


def test_the_old_key_stays_while_something_needs_it(house: KeyHouse) -> None:
    old_box = SecretBox(copy_of(house.path))
    new = keys.add_key(house.path)
    box = open_secret_box(house.path)
    keys.encrypt_anew(house.database, box)
    house.store(house.user_ids[1], "sk-in-between", old_box)
    assert not keys.drop_old_keys(house.database, box, house.path, new)
    assert len(read_keys(house.path)) == 2
    assert house.read() == [ALL[0], "sk-in-between"]


def copy_of(path: Path) -> Path:
    copy = path.with_name("copy.key")
    copy.write_text(path.read_text())
    return copy


def test_keys_stored_while_rotations_run_are_never_lost(house: KeyHouse) -> None:
    stopped = threading.Event()
    stored: list[str] = []
    problems: list[BaseException] = []

    def keep_storing() -> None:
        try:
            while not stopped.is_set():
                key = f"sk-{len(stored)}"
                house.store(house.user_ids[0], key, house.box)
                stored.append(key)
                assert house.read(house.box)[0] == key
        except BaseException as problem:
            problems.append(problem)
            raise

    thread = threading.Thread(target=keep_storing)
    thread.start()
    try:
        for _ in range(5):
            house.rotate()
    finally:
        stopped.set()
        thread.join()
    assert problems == []
    assert stored
    assert house.read() == [stored[-1], ALL[1]]


def test_a_lost_key_file_is_told_by_check_doctor_and_log(
    house: KeyHouse, caplog: pytest.LogCaptureFixture
) -> None:
    assert keys.run_check(house.config, house.told.append)
    keys.warn_of_unreadable(house.database, house.box)
    assert caplog.records == []
    house.path.unlink()
    box = open_secret_box(house.path)
    assert not keys.run_check(house.config, house.told.append)
    assert "The key of ann for openai cannot be read any more" in house.told[-3]
    assert house.told[-1] == "0 of 2 stored keys can be read."
    findings = keys.find_unreadable(house.database, box)
    assert [finding.code for finding in findings] == ["unreadable_key"] * 2
    assert findings[0].repair is None
    keys.warn_of_unreadable(house.database, box)
    assert "enter the keys again" in caplog.text
    house.rotate()
    assert house.told[-1].startswith("2 others could not be read")


def test_a_file_that_others_may_read_is_closed(
    house: KeyHouse, caplog: pytest.LogCaptureFixture
) -> None:
    house.path.chmod(0o644)
    assert house.read(open_secret_box(house.path)) == ALL
    assert stat.S_IMODE(house.path.stat().st_mode) == 0o600
    assert "closed the key file" in caplog.text


def test_a_file_damaged_while_the_server_runs_stops_nothing(
    house: KeyHouse, caplog: pytest.LogCaptureFixture
) -> None:
    content = house.path.read_text()
    house.path.write_text("nonsense")
    assert house.read(house.box) == ALL
    assert "lost or damaged" in caplog.text
    house.path.unlink()
    assert house.read(house.box) == ALL
    house.path.write_text(content)
    assert house.read() == ALL


def no_key_in(text: Any) -> bool:
    return SECRET not in str(text)


def test_nothing_that_is_told_holds_a_key(
    house: KeyHouse, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    house.rotate()
    house.path.unlink()
    keys.run_check(house.config, house.told.append)
    with house.database.db_session() as session:
        shown = repr(stored_keys.list_all(session)) + repr(api_keys.list_for_user(session, "x"))
    assert no_key_in(house.told)
    assert no_key_in(caplog.text)
    assert no_key_in(shown)
