"""A conversation as PDF: one branch, laid out by a process of its own."""

import json
import logging
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from backend.clock import utc_now
from backend.errors import Unavailable
from backend.transfer import wording
from backend.transfer.layout_tree import blocks
from backend.transfer.transcript import Transcript, TranscriptMessage

logger = logging.getLogger(__name__)

_CHARACTERS_A_PIECE: Final = 60_000
_PARTS_A_PIECE: Final = 1_500
_TIMEOUT_S: Final = 900
_WAIT_S: Final = 60
_BLOCK_BYTES: Final = 256 * 1024
# One at a time: each takes a core and a few hundred megabytes.
_turn = threading.Lock()

Part = list[Any]


def to_pdf(transcript: Transcript) -> Iterator[bytes]:
    """Make the PDF, then give its pieces.

    Raises:
        Unavailable: it could not be made, or others were being made for a long time.
    """
    if not _turn.acquire(timeout=_WAIT_S):
        raise Unavailable("Other PDFs are being made. Please try again in a moment.")
    try:
        folder = tempfile.TemporaryDirectory(prefix="docchat-pdf-")
        try:
            _make(transcript, Path(folder.name))
        except BaseException:
            folder.cleanup()
            raise
    finally:
        _turn.release()
    return _sent(folder)


def _sent(folder: "tempfile.TemporaryDirectory[str]") -> Iterator[bytes]:
    with folder as name, (Path(name) / "conversation.pdf").open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            yield block


def _make(transcript: Transcript, folder: Path) -> None:
    with (folder / "pieces.jsonl").open("w", encoding="utf-8") as lines:
        for piece in _pieces(transcript):
            lines.write(json.dumps(piece) + "\n")
    command = [sys.executable, "-m", "backend.transfer.typeset", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        raise Unavailable(
            "Making this PDF takes too long. Save the conversation as Markdown instead."
        ) from None
    except subprocess.CalledProcessError as error:
        logger.error(
            "typesetting failed", extra={"output": error.stderr.decode(errors="replace")[-4_000:]}
        )
        raise Unavailable(
            "The PDF could not be made. Save the conversation as Markdown instead."
        ) from None


def _pieces(transcript: Transcript) -> Iterator[dict[str, Any]]:
    """Give pieces short enough to be laid out at once, the last one marked."""
    title = transcript.conversation.title
    parts: list[Part] = []
    size = 0
    for part, characters in _parts(transcript):
        if size >= _CHARACTERS_A_PIECE or len(parts) >= _PARTS_A_PIECE:
            yield {"title": title, "parts": parts, "is_last": False}
            parts, size = [], 0
        parts.append(part)
        size += characters
    yield {"title": title, "parts": parts, "is_last": True}


def _parts(transcript: Transcript) -> Iterator[tuple[Part, int]]:
    conversation = transcript.conversation
    dates = (
        f"Begun {wording.moment(conversation.created_at)}, "
        f"last used {wording.moment(conversation.updated_at)}, "
        f"saved {wording.moment(utc_now())}."
    )
    yield ["title", conversation.title, dates], len(conversation.title)
    for message in transcript.read(transcript.branch_ids):
        yield from _message(message)


def _message(message: TranscriptMessage) -> Iterator[tuple[Part, int]]:
    yield ["message", wording.heading(message.record)], 0
    for note in wording.notes(message.record):
        yield ["note", note], len(note)
    yield from blocks(message.record.content, {c["n"] for c in message.citations})
    for citation in message.citations:
        quote = " ".join(str(citation.get("quote", "")).split())
        text = f"“{quote}” — {wording.place(citation)}"
        yield ["footnote", f"[{citation['n']}]", text], len(text)
