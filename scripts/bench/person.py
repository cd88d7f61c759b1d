"""A person who uses a server under test over HTTP: an account, uploads, questions."""

import subprocess
from pathlib import Path
from typing import IO, Any

import httpx

ENDED = ("ready", "failed", "canceled")
_ACCOUNT = {"password": "correct horse battery"}
_TIMEOUT_S = 120


class Person:
    """An account of the server at `url`. The first one made is the administrator."""

    def __init__(self, url: str, name: str = "bench") -> None:
        self._client = httpx.Client(base_url=url, timeout=_TIMEOUT_S)
        account = {"username": name} | _ACCOUNT
        self.token: str = self._answer("POST", "/api/auth/register", json=account)["token"]
        self._client.headers["Authorization"] = f"Bearer {self.token}"

    def move_to(self, url: str) -> None:
        """Talk to a server started anew with the same accounts."""
        self._client.base_url = url

    def upload(self, filename: str, content: bytes | IO[bytes]) -> dict[str, Any]:
        """Upload a file and return its document.

        Raises:
            httpx.HTTPError: the server refused or is away.
        """
        answer = self._answer("POST", "/api/documents", files={"file": (filename, content)})
        document: dict[str, Any] = answer["document"]
        return document

    def document(self, document_id: str) -> dict[str, Any]:
        """Return one document."""
        document: dict[str, Any] = self._answer("GET", f"/api/documents/{document_id}")["document"]
        return document

    def documents(self) -> list[dict[str, Any]]:
        """Return all documents."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page = {"limit": 200} | ({"cursor": cursor} if cursor else {})
            answer = self._answer("GET", "/api/documents", params=page)
            found += answer["items"]
            cursor = answer["next_cursor"]
            if cursor is None:
                return found

    def search(self, query: str) -> list[dict[str, Any]]:
        """Return the passages found."""
        parameters = {"q": query, "kind": "documents", "limit": 10}
        found: list[dict[str, Any]] = self._answer("GET", "/api/search", params=parameters)["items"]
        return found

    def call(self, method: str, path: str) -> Any:
        """Return the JSON body of an answer, None if it is empty."""
        return self._answer(method, path)

    def _answer(self, method: str, path: str, **content: Any) -> Any:
        response = self._client.request(method, path, **content)
        response.raise_for_status()
        return response.json() if response.content else None


def peak_memory_mb(pid: int) -> float:
    """Return the most memory in MB that a process ever had resident (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6


def server_pids(arbiter_pid: int) -> list[int]:
    """Return gunicorn's arbiter and its worker, the server."""
    return [pid for pid in [arbiter_pid, *_children(arbiter_pid)] if b"worker" not in _words(pid)]


def worker_pid(arbiter_pid: int) -> int | None:
    """Return the ingest worker's process, None between two."""
    return next((pid for pid in _children(arbiter_pid) if b"worker" in _words(pid)), None)


def _children(pid: int) -> list[int]:
    listed = subprocess.run(
        ["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout.split("\n")
    pairs = [tuple(map(int, line.split())) for line in listed if line.strip()]
    found: list[int] = []
    parents = {pid}
    while parents:
        parents = {child for child, parent in pairs if parent in parents}
        found += sorted(parents)
    return found


def _words(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:  # it has ended
        return []
