"""Conversations of a Claude export (`conversations.json`).

Each is `{uuid, name, created_at, updated_at, chat_messages}`; a message is `{uuid, text,
content, sender, created_at, attachments, files, parent_message_uuid}`, where `content` is a
list of blocks of which those of type `text` are seen and those of the tool `artifacts` hold
documents, and an attachment has the `extracted_content` of its file. Times are ISO
8601. Older exports know no parents: there each message follows the one before.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from backend.transfer.foreign import (
    ForeignConversation,
    ForeignMessage,
    NotReadable,
    clean,
    document,
    fenced,
    in_order,
    iso_time,
    joined,
    model_id,
)

SOURCE: Final = "claude"
# Older exports have documents and thoughts about them in the text itself.
_THOUGHT: Final = re.compile(r"<antThinking>(?:(?!<antThinking>).)*?</antThinking>", re.DOTALL)
_ARTIFACT: Final = re.compile(
    r"<antArtifact\b([^<>]*)>((?:(?!<antArtifact\b).)*?)</antArtifact>", re.DOTALL
)
_ATTRIBUTE: Final = re.compile(r'\b(\w{1,20})="([^"]*)"')
_BOX: Final = "```\nThis block is not supported on your current device yet.\n```"
_ROLES: Final = {"human": "user", "assistant": "assistant"}


def is_conversation(value: Mapping[str, Any]) -> bool:
    """Return whether this looks like a conversation of Claude."""
    return isinstance(value.get("chat_messages"), list)


def read_conversation(value: Mapping[str, Any], fallback_id: str) -> ForeignConversation:
    """Return the conversation with those of its messages that have text.

    Raises:
        NotReadable: its messages are none.
    """
    messages: list[ForeignMessage] = []
    places: dict[str, str | None] = {}  # from a message's id to itself, or to what it follows
    previous: str | None = None
    for number, item in enumerate(value["chat_messages"]):
        if not isinstance(item, Mapping):
            raise NotReadable("it has a message that is none")
        message_id = clean(item.get("uuid")) or str(number)
        named = item.get("parent_message_uuid")
        above = places.get(named) if isinstance(named, str) else previous
        if message_id in places:
            continue
        message = _message(message_id, above, item, value.get("model"))
        places[message_id] = previous = above if message is None else message_id
        if message is not None:
            messages.append(message)
    return ForeignConversation(
        source=SOURCE,
        id=clean(value.get("uuid")) or fallback_id,
        title=clean(value.get("name")),
        created_at=iso_time(value.get("created_at")),
        updated_at=iso_time(value.get("updated_at")),
        messages=joined(in_order(messages)),
    )


def _message(
    message_id: str, parent_id: str | None, item: Mapping[str, Any], model: Any
) -> ForeignMessage | None:
    role = _ROLES.get(str(item.get("sender")))
    text = "\n\n".join(_texts(item))
    if role is None or not text:
        return None
    return ForeignMessage(
        id=message_id,
        parent_id=parent_id,
        role=role,
        content=text,
        created_at=iso_time(item.get("created_at")),
        model=model_id("anthropic", item.get("model") or model) if role == "assistant" else None,
    )


def _texts(item: Mapping[str, Any]) -> Iterator[str]:
    blocks = list(_mappings(item.get("content")))
    texts = [text for text in map(_block, blocks) if text]
    # Of blocks of other kinds `text` holds thoughts, and boxes where a tool was called.
    if not texts and all(block.get("type") == "text" for block in blocks):
        texts = [text for text in [_written(item.get("text"))] if text]
    yield from texts
    for attachment in _mappings(item.get("attachments")):
        name = " ".join(clean(attachment.get("file_name")).split()) or "attachment"
        content = clean(attachment.get("extracted_content"))
        yield f"[{name}]\n\n{fenced(content)}" if content else f"[{name}]"
    for file in _mappings(item.get("files")):
        if name := " ".join(clean(file.get("file_name")).split()):
            yield f"[{name}]"


def _block(block: Mapping[str, Any]) -> str:
    if block.get("type") in ("text", "voice_note"):
        return _written(block.get("text"))
    asked = block.get("input")
    if block.get("name") == "artifacts" and isinstance(asked, Mapping):
        return _artifact(asked, clean(asked.get("content")))
    return ""


def _written(text: Any) -> str:
    """Return a text without thoughts and empty boxes, its documents as such."""
    text = _THOUGHT.sub("", clean(text).replace(_BOX, ""))
    return _ARTIFACT.sub(
        lambda match: _artifact(dict(_ATTRIBUTE.findall(match[1])), match[2].strip()), text
    ).strip()


def _artifact(about: Mapping[str, Any], text: str) -> str:
    """Return a document that Claude wrote beside the conversation; "" for a mere change."""
    is_prose = about.get("type") in ("text/markdown", "text/plain")
    language = clean(about.get("language"))
    return text and document(clean(about.get("title")), text, None if is_prose else language)


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    return (
        (item for item in value if isinstance(item, Mapping))
        if isinstance(value, list)
        else iter(())
    )
