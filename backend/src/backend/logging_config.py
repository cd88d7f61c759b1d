"""Where log records go: the console, a rotating log and a rotating log of errors only.

Every process writes files of its own: two processes rotating one file lose records.
"""

import json
import logging
import re
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from typing import Any, Literal

from backend.config import Config
from backend.log_context import current_fields

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "context"}

# A second line of defence: nobody should log these in the first place.
_SECRETS = (
    (re.compile(r"(?i)\b(bearer\s+)[\w.~+/=-]{8,}"), r"\1[removed]"),
    (re.compile(r"(docchat_session=)[^;\s\"']+"), r"\1[removed]"),
    (re.compile(r"\b(?:sk|xai|gsk|pk)-[\w-]{8,}"), "[removed]"),
    (re.compile(r"\bAIza[\w-]{20,}"), "[removed]"),
    (re.compile(r"(://[^:/@\s]*:)[^@\s]+@"), r"\1[removed]@"),
    (
        re.compile(
            r"(?i)([\"']?\b(?:password|current_password|new_password|api_key|token|invite|key)"
            r"[\"']?\s*[:=]\s*[\"'])[^\"']*"
        ),
        r"\1[removed]",
    ),
)


def configure_logging(
    config: Config, process: Literal["server", "worker", "watcher", "maintenance"]
) -> None:
    """Send this process's log records to the console and to DATA_DIR/logs.

    Called once, by entry points only.
    """
    config.log_dir.mkdir(parents=True, exist_ok=True)
    formatter: logging.Formatter = JsonFormatter() if config.log_json else TextFormatter()
    console = logging.StreamHandler()
    if process == "maintenance":  # a person reads its output
        console.setLevel(logging.WARNING)
    everything = _rotating(config, f"{process}.log")
    errors = _rotating(config, f"{process}-errors.log")
    errors.setLevel(logging.ERROR)
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
        old.close()
    for handler in (console, everything, errors):
        handler.setFormatter(formatter)
        root.addHandler(handler)
    # Libraries write bodies and headers of requests at DEBUG: keep them at INFO or above.
    root.setLevel(max(logging.INFO, logging.getLevelName(config.log_level)))
    logging.getLogger("backend").setLevel(config.log_level)
    for name in ("httpx", "httpx2", "openai", "alembic", "socketio", "engineio"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)


def _rotating(config: Config, name: str) -> RotatingFileHandler:
    return RotatingFileHandler(
        config.log_dir / name,
        maxBytes=config.log_max_bytes,
        backupCount=config.log_backup_count,
        encoding="utf-8",
        errors="backslashreplace",
        delay=True,
    )


def redact(text: str) -> str:
    """Return `text` without what looks like a password, a token or a provider's key."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": redact(record.getMessage()),
            **{name: _redacted(value) for name, value in _fields(record).items()},
        }
        if trace := _trace(self, record):
            line["exception"] = trace
        return json.dumps(line, ensure_ascii=False, default=str)


class TextFormatter(logging.Formatter):
    """`time LEVEL logger: message field=value …`, tracebacks on the lines below."""

    def format(self, record: logging.LogRecord) -> str:
        fields = "".join(f" {name}={value}" for name, value in _fields(record).items())
        message = f"{record.getMessage()}{fields}".replace("\r", "\\r").replace("\n", "\\n")
        line = f"{_time(record)} {record.levelname} {record.name}: {redact(message)}"
        if trace := _trace(self, record):
            line = f"{line}\n{trace}"
        return line


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    extra = {name: value for name, value in vars(record).items() if name not in _STANDARD}
    return {**current_fields(), **extra}


def _redacted(value: Any) -> Any:
    return redact(value) if isinstance(value, str) else value


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    parts = []
    if record.exc_info and record.exc_info[0] is not None:
        parts.append(formatter.formatException(record.exc_info))
    if record.stack_info:
        parts.append(record.stack_info)
    return redact("\n".join(parts))
