"""The words around what an export holds, the same in every format."""

from datetime import datetime
from typing import Any, Final

from backend.clock import as_utc
from backend.db.repositories.messages import MessageRecord

_ROLES: Final = {"user": "You", "assistant": "Answer"}
_STATUSES: Final = {
    "streaming": "still being written when this was saved",
    "stopped": "stopped",
    "interrupted": "interrupted",
    "failed": "failed",
}


def moment(value: datetime) -> str:
    """Return a time as people read it, to the minute."""
    return f"{as_utc(value):%Y-%m-%d %H:%M} UTC"


def heading(message: MessageRecord) -> str:
    """Return who wrote a message, by which model, and when."""
    who = _ROLES.get(message.role, message.role)
    if message.model:
        who += f" ({message.model})"
    return f"{who}, {moment(message.created_at)}"


def notes(message: MessageRecord) -> list[str]:
    """Return what has to be known about a message besides its text, as sentences."""
    found = []
    if message.status in _STATUSES:
        found.append(f"This message was {_STATUSES[message.status]}.")
    if message.error:
        found.append(str(message.error.get("message", "")))
    if message.no_answer:
        found.append("The documents did not clearly answer this question.")
    if not message.content.strip():
        found.append("This message has no text.")
    return [note for note in found if note]


def place(citation: dict[str, Any]) -> str:
    """Return where a citation's quote stands: file, pages, and whether the file is gone."""
    pages = sorted({span["page"] for span in citation.get("pages", ())})
    where = str(citation.get("filename", ""))
    if pages:
        where += f", page {pages[0]}" if len(pages) == 1 else f", pages {_runs(pages)}"
    if citation.get("support") == "unsupported":
        where += " (does not support the statement)"
    if citation.get("document_deleted"):
        where += " (the document has been deleted since)"
    return where


def _runs(pages: list[int]) -> str:
    """Return page numbers with runs drawn together: `4–6, 9`."""
    runs: list[list[int]] = []
    for page in pages:
        if runs and page == runs[-1][-1] + 1:
            runs[-1][1:] = [page]
        else:
            runs.append([page])
    return ", ".join("–".join(map(str, run)) for run in runs)
