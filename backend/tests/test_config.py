"""config.sh, Config and docs/configuration.md hold the same names; wrong values stop the start."""

import re
import subprocess
from pathlib import Path

import pytest

from backend.config import Config, defaults_file, load_config
from backend.errors import ConfigurationError

ROOT = Path(__file__).resolve().parents[2]
LINE = re.compile(r'^export ([A-Z][A-Z0-9_]*)="\$\{\1:-([^}]*)\}"  # (\S.*)$')


def _config_sh() -> dict[str, str]:
    """Return name → default of every export line of config.sh."""
    lines = (ROOT / "config.sh").read_text().splitlines()
    exports = [line for line in lines if line.startswith("export")]
    matches = {line: LINE.match(line) for line in exports}
    assert [line for line, match in matches.items() if match is None] == []
    return {match[1]: match[2] for match in matches.values() if match}


def test_config_sh_and_config_name_the_same_tunables() -> None:
    assert set(_config_sh()) == {name.upper() for name in Config.model_fields}


def test_the_documentation_lists_every_tunable_with_its_default() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text()
    rows = dict(re.findall(r"^\| `([A-Z][A-Z0-9_]*)` \| (?:`([^`]*)`|empty) \|", text, re.M))
    assert rows == _config_sh()


def test_defaults_come_from_config_sh(monkeypatch: pytest.MonkeyPatch) -> None:
    config = load_config()
    assert config.rag_max_document_results == 10
    assert config.chat_history_messages == 10
    assert config.api_timeout_ms == 30_000
    assert config.session_expiry_hours == 24
    assert config.data_dir == ROOT / "data"
    assert defaults_file() == ROOT / "config.sh"


def test_the_environment_wins_over_config_sh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9123")
    monkeypatch.setenv("SIGNUP_ENABLED", "true")
    config = load_config()
    assert (config.port, config.signup_enabled) == (9123, True)


def test_the_shell_and_config_agree_on_an_overridden_value() -> None:
    command = '. ./config.sh && printf "%s %s" "$PORT" "$LOG_LEVEL"'
    result = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, env={"PORT": "7000"}, capture_output=True, check=True
    )
    assert result.stdout == b"7000 INFO"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "0"),
        ("PORT", "70000"),
        ("RAG_DENSE_WEIGHT", "1.5"),
        ("CHAT_HISTORY_MESSAGES", "-1"),
        ("LOG_LEVEL", "LOUD"),
        ("SIGNUP_ENABLED", "perhaps"),
        ("SESSION_EXPIRY_HOURS", "0"),
        ("OLLAMA_URL", "file:///etc/passwd"),
        ("RATE_LIMIT_LOGIN", "often"),
    ],
)
def test_a_wrong_value_is_refused_in_a_sentence_that_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=name):
        load_config()


def test_a_refused_secret_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "wrong")
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://doc:planted-password@db/doc")
    with pytest.raises(ConfigurationError) as caught:
        load_config()
    assert "planted-password" not in str(caught.value)
    monkeypatch.delenv("PORT")
    assert "planted-password" not in repr(load_config())


def test_values_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="CHUNK_OVERLAP_CHARACTERS"):
        load_config(chunk_max_characters=400, chunk_overlap_characters=300)
    with pytest.raises(ConfigurationError, match="RAG_DENSE_WEIGHT"):
        load_config(rag_dense_weight=0.7, rag_sentence_weight=0.7)


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="NO_SUCH_THING"):
        load_config(no_such_thing=1)


def test_a_relative_data_folder_starts_at_config_sh_not_at_the_working_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_config(data_dir="elsewhere").data_dir == ROOT / "elsewhere"
