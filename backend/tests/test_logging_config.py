"""Logs: where they go, what every line carries, and what never gets there."""

import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from backend.app import create_app, get_services
from backend.config import Config
from backend.db.migrate import upgrade
from backend.db.session import create_database
from backend.ingest.worker import drain
from backend.log_context import log_context
from backend.logging_config import configure_logging, redact
from pdf_maker import make_pdf

logger = logging.getLogger("backend.tests")


@pytest.fixture(autouse=True)
def undo_logging() -> Iterator[None]:
    """Leave the process's logging as it was."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    levels = {
        name: found.level
        for name, found in logging.Logger.manager.loggerDict.items()
        if isinstance(found, logging.Logger)
    }
    root.handlers[:] = []
    yield
    for handler in root.handlers:
        handler.close()
    root.handlers[:], root.level = before[0], before[1]
    for name, found in logging.Logger.manager.loggerDict.items():
        if isinstance(found, logging.Logger):
            found.setLevel(levels.get(name, logging.NOTSET))
    logging.captureWarnings(False)


def read(config: Config, name: str) -> str:
    path = config.log_dir / name
    return path.read_text("utf-8") if path.exists() else ""


def test_lines_go_to_a_file_of_the_process_and_errors_to_one_more(config: Config) -> None:
    configure_logging(config, process="worker")
    logger.info("it rains", extra={"drops": 3})
    logger.error("it pours")
    assert re.search(
        r"^\d{4}-.*\+00:00 INFO backend.tests: it rains drops=3$",
        read(config, "worker.log"),
        re.MULTILINE,
    )
    assert "it pours" in read(config, "worker.log")
    assert "it pours" in read(config, "worker-errors.log")
    assert "it rains" not in read(config, "worker-errors.log")
    assert read(config, "server.log") == ""


def test_every_line_carries_what_is_bound_around_it(config: Config) -> None:
    configure_logging(config, process="server")
    with log_context(request_id="r1", user_id="u1"):
        logger.info("inside")
    logger.info("outside")
    inside, outside = read(config, "server.log").splitlines()
    assert inside.endswith("inside request_id=r1 user_id=u1")
    assert outside.endswith("outside")


def test_json_lines_are_json_each(make_config: Callable[..., Config]) -> None:
    config = make_config(log_json=True)
    configure_logging(config, process="server")
    with log_context(request_id="r1"):
        try:
            raise ValueError("a\nb")
        except ValueError:
            logger.exception("failed", extra={"path": "/x\ny", "size": Path("z")})
    (line,) = read(config, "server.log").splitlines()
    record = json.loads(line)
    assert record["message"] == "failed"
    assert record["level"] == "ERROR"
    assert record["request_id"] == "r1"
    assert record["path"] == "/x\ny"
    assert "ValueError: a\nb" in record["exception"]


def test_a_message_cannot_forge_a_line(config: Config) -> None:
    configure_logging(config, process="server")
    logger.info("first", extra={"path": "/\r\n2026 INFO backend: forged"})
    assert len(read(config, "server.log").splitlines()) == 1


def test_files_are_rotated_at_their_size(make_config: Callable[..., Config]) -> None:
    config = make_config(log_max_bytes=10_000, log_backup_count=2)
    configure_logging(config, process="server")
    for number in range(1_000):
        logger.info("a line of some length", extra={"number": number})
    assert sorted(path.name for path in config.log_dir.iterdir()) == [
        "server.log",
        "server.log.1",
        "server.log.2",
    ]
    assert all(path.stat().st_size <= 10_000 for path in config.log_dir.iterdir())
    assert "number=999" in read(config, "server.log")


def test_the_level_is_a_setting(make_config: Callable[..., Config]) -> None:
    config = make_config(log_level="warning")
    configure_logging(config, process="server")
    logger.info("quiet")
    logger.warning("loud")
    assert "quiet" not in read(config, "server.log")
    assert "loud" in read(config, "server.log")


def test_at_debug_only_our_own_modules_are_that_talkative(
    make_config: Callable[..., Config],
) -> None:
    config = make_config(log_level="DEBUG")
    configure_logging(config, process="server")
    logger.debug("ours")
    logging.getLogger("a.library").debug("theirs")
    assert "ours" in read(config, "server.log")
    assert "theirs" not in read(config, "server.log")


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Authorization: Bearer abcDEF123456_-x", "abcDEF123456"),
        ("cookie docchat_session=abcDEF123456; a=b", "abcDEF123456"),
        ("key sk-proj-abcDEF123456 refused", "abcDEF123456"),
        ("key xai-abcDEF123456 refused", "abcDEF123456"),
        ("AIzaSyabcDEF1234567890abcdef", "abcDEF123456"),
        ("{'password': 'abcDEF123456'}", "abcDEF123456"),
        ('{"api_key": "abcDEF123456"}', "abcDEF123456"),
        ("postgresql+psycopg://user:abcDEF123456@host/name", "abcDEF123456"),
        ("redis://:abcDEF123456@host", "abcDEF123456"),
    ],
)
def test_what_looks_like_a_secret_is_removed(config: Config, text: str, secret: str) -> None:
    assert secret not in redact(text)
    configure_logging(config, process="server")
    logger.info("%s", text, extra={"field": text})
    try:
        raise RuntimeError(text)
    except RuntimeError:
        logger.exception("failed")
    assert secret not in read(config, "server.log") + read(config, "server-errors.log")
    assert "[removed]" in read(config, "server.log")


@pytest.mark.parametrize(
    "text",
    ["a token of thanks", "bearer of news", "task-1 is-2", "monkey: yes", "the key is missing"],
)
def test_ordinary_words_stay(text: str) -> None:
    assert redact(text) == text


def test_nothing_private_reaches_any_log(
    make_config: Callable[..., Config], capfd: pytest.CaptureFixture[str]
) -> None:
    config = make_config(log_level="DEBUG", ingest_enabled=False)
    database = create_database(config)
    config.data_dir.mkdir(parents=True)
    upgrade(database)
    configure_logging(config, process="server")
    password, wrong, new = "planted-password", "planted-wrong-one", "planted-new-one"
    key, words = "sk-planted-0123456789", "planted words in a document"
    app = create_app(config)
    client = app.test_client()

    def call(method: str, path: str, body: object = None, token: str = "") -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        response = client.open(path, method=method, json=body, headers=headers, buffered=True)
        return response.get_json(silent=True)

    login = {"username": "ada", "password": password}
    token = call("POST", "/api/auth/register", login)["token"]
    other_token = call("POST", "/api/auth/login", login)["token"]
    call("POST", "/api/auth/login", {**login, "password": wrong})
    call("POST", "/api/auth/login", {"username": password})
    code = call("POST", "/api/auth/invites", token=token)["code"]
    call("POST", "/api/auth/register", {**login, "invite": code})
    call("PUT", "/api/settings/api-keys/openai", {"key": key}, token)
    call("PUT", "/api/settings/api-keys/custom", {"key": key, "base_url": "http://x"}, token)
    call("GET", f"/api/nothing?token={token}", token=token)
    call("GET", "/api/models", token=token)
    for name, data in (
        ("planted-name.pdf", make_pdf([words])),
        ("planted-name.txt", words.encode()),
        ("planted-name.bin", bytes(100)),
        ("planted-name-broken.pdf", b"%PDF-1.4 " + words.encode()),
    ):
        client.post(
            "/api/documents",
            data={"file": (io.BytesIO(data), name)},
            headers={"Authorization": f"Bearer {token}"},
            buffered=True,
        )
    drain(config, database)
    get_services(app).search.drain()
    assert words in str(call("GET", "/api/search?q=planted+words", token=token))
    body = call("POST", "/api/conversations", {"title": "planted title"}, token)
    call("GET", f"/api/conversations/{body['conversation']['id']}", token=token)
    change = {"current_password": password, "new_password": new}
    call("POST", "/api/auth/password", change, token)
    call("POST", "/api/auth/logout", token=token)
    get_services(app).stop()
    database.close()

    logged = "".join(path.read_text("utf-8") for path in config.log_dir.iterdir())
    logged += "".join(capfd.readouterr())
    assert "path=/api/documents status=202" in logged
    assert "token=" not in logged
    for secret in ("planted", code, token, other_token):
        assert secret not in logged
