"""Conversations of other programs, in one form."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

_EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)
_MAX_MODEL_CHARACTERS: Final = 200
STEP: Final = timedelta(microseconds=1)


class NotReadable(Exception):
    """A conversation does not look as it should; the message says what is wrong."""


@dataclass(slots=True)
class ForeignMessage:
    """A message with text. `role` is `user` or `assistant`, `created_at` None if not told."""

    id: str
    parent_id: str | None
    role: str
    content: str
    created_at: datetime | None = None
    model: str | None = None


@dataclass(slots=True)
class ForeignConversation:
    """A conversation; `messages` hold each parent before its children. `title` may be empty."""

    source: str  # the program
    id: str
    title: str
    created_at: datetime | None
    updated_at: datetime | None
    messages: list[ForeignMessage] = field(default_factory=list)


def seconds(value: Any) -> datetime | None:
    """Return the time that a number of seconds since 1970 stands for, None if for none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    try:
        return _sane(datetime.fromtimestamp(value, UTC))
    except (OverflowError, ValueError, OSError):
        return None


def iso_time(value: Any) -> datetime | None:
    """Return the time that an ISO 8601 text stands for; without an offset it is UTC."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return _sane(moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment)


def clean(value: Any) -> str:
    """Return text as every database stores it; "" for what is no text."""
    if not isinstance(value, str):
        return ""
    return value.replace("\0", "").encode(errors="replace").decode().strip()


def model_id(provider: str, name: Any) -> str | None:
    """Return `provider:name`, as models are called here."""
    name = " ".join(clean(name).split())[:_MAX_MODEL_CHARACTERS]
    return f"{provider}:{name}" if name else None


def fenced(text: str, language: str = "") -> str:
    """Return a block of code in Markdown that `text` cannot end."""
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def document(title: str, text: str, language: str | None) -> str:
    """Return a document that an answer made under its title; without a language it is prose."""
    title = " ".join(title.split())
    if language is not None:
        text = fenced(text, language if language.isalnum() else "")
    return f"**{title}**\n\n{text}" if title else text


def in_order(messages: Sequence[ForeignMessage]) -> list[ForeignMessage]:
    """Return the messages, each parent before its children and older than they are.

    A message without a time takes its parent's.

    Raises:
        NotReadable: some follow each other in a circle.
    """
    children: dict[str | None, list[ForeignMessage]] = {}
    for message in messages:
        children.setdefault(message.parent_id, []).append(message)
    ordered: list[ForeignMessage] = []
    by_id: Mapping[str, ForeignMessage] = {message.id: message for message in messages}
    waiting = list(reversed(children.get(None, [])))
    while waiting:
        message = waiting.pop()
        ordered.append(message)
        above = by_id[message.parent_id].created_at if message.parent_id is not None else None
        if above is not None and (message.created_at is None or message.created_at <= above):
            message.created_at = above + STEP
        waiting.extend(reversed(children.get(message.id, [])))
    if len(ordered) < len(messages):
        raise NotReadable("its messages follow each other in a circle")
    return ordered


def joined(messages: Sequence[ForeignMessage]) -> list[ForeignMessage]:
    """Return the messages with an answer's parts made one: answers that follow an answer alone.

    `messages` are in order.
    """
    only_child: dict[str, int] = {}
    for message in messages:
        if message.parent_id is not None:
            only_child[message.parent_id] = only_child.get(message.parent_id, 0) + 1
    kept: dict[str, ForeignMessage] = {}
    place: dict[str, str] = {}  # where a message that was joined is now
    for message in messages:
        parent_id = message.parent_id
        is_single = parent_id is not None and only_child[parent_id] == 1
        if parent_id is not None:
            message.parent_id = parent_id = place.get(parent_id, parent_id)
        parent = kept.get(parent_id) if parent_id is not None else None
        if is_single and parent is not None and parent.role == message.role == "assistant":
            parent.content += f"\n\n{message.content}"
            parent.model = parent.model or message.model
            place[message.id] = parent.id
        else:
            kept[message.id] = message
    return list(kept.values())


def _sane(moment: datetime) -> datetime | None:
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        return None
    return moment if _EARLIEST <= moment <= _LATEST else None
