"""Provider keys are encrypted with a key file that only its owner reads."""

import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from backend.errors import ApiKeyMissing, ConfigurationError
from backend.secret_box import open_secret_box


def test_a_key_file_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret.key"
    encrypted = open_secret_box(path).encrypt("sk-1234")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert open_secret_box(path).decrypt(encrypted) == "sk-1234"


def test_what_is_stored_does_not_show_the_key(tmp_path: Path) -> None:
    assert b"sk-1234" not in open_secret_box(tmp_path / "secret.key").encrypt("sk-1234")


def test_after_the_key_file_is_lost_the_key_is_asked_for_again(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    encrypted = open_secret_box(path).encrypt("sk-1234")
    path.unlink()
    with pytest.raises(ApiKeyMissing, match="Enter the key again"):
        open_secret_box(path).decrypt(encrypted)


def test_a_tampered_value_is_refused(tmp_path: Path) -> None:
    box = open_secret_box(tmp_path / "secret.key")
    encrypted = bytearray(box.encrypt("sk-1234"))
    encrypted[-10] ^= 1
    with pytest.raises(ApiKeyMissing):
        box.decrypt(bytes(encrypted))


def test_a_new_first_key_still_reads_what_the_old_one_wrote(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    encrypted = open_secret_box(path).encrypt("sk-1234")
    path.write_text(f"{Fernet.generate_key().decode()}\n{path.read_text()}")
    assert open_secret_box(path).decrypt(encrypted) == "sk-1234"


@pytest.mark.parametrize("content", ["", "not a key\n", "\xff\xfe"])
def test_a_file_without_keys_stops_the_start_with_a_sentence(tmp_path: Path, content: str) -> None:
    path = tmp_path / "secret.key"
    path.write_text(content)
    with pytest.raises(ConfigurationError, match="SECRET_KEY_FILE"):
        open_secret_box(path)


def test_a_folder_in_place_of_the_file_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="SECRET_KEY_FILE"):
        open_secret_box(tmp_path)
