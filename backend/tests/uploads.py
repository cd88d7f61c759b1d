"""Uploads as a browser sends them, and what becomes of them on disk."""

from pathlib import Path
from typing import Any

from backend.config import Config


def form(data: bytes, name: str) -> dict[str, Any]:
    """Return the body and the type of a form with one file, as arguments for `client.post`."""
    quoted = name.replace('"', "%22").encode()
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n' % quoted
    return {
        "data": head + data + b"\r\n--x--\r\n",
        "content_type": "multipart/form-data; boundary=x",
    }


def stored_files(config: Config) -> list[Path]:
    """Return the original files there are, unfinished ones too."""
    return [path for path in config.files_dir.rglob("*") if path.is_file()]
