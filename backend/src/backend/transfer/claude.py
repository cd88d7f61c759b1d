"""Conversations of a Claude export (`conversations.json`).

Each is `{uuid, name, created_at, updated_at, chat_messages}`; a message is `{uuid, text,
content, sender, created_at, attachments, files, parent_message_uuid}`, where `content` is a
list of blocks of which those of type `text` are seen, and an attachment has the
`extracted_content` of its file. Times are ISO 8601. Older exports know no parents: there each
message follows the one before.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from backend.transfer.foreign import (
    ForeignConversation,
    ForeignMessage,
    NotReadable,
    clean,
    fenced,
    in_order,
    iso_time,
    joined,
    model_id,
)

SOURCE: Final = "claude"
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
    blocks = [
        clean(block.get("text"))
        for block in _mappings(item.get("content"))
        if block.get("type") == "text"
    ]
    text = "\n\n".join(block for block in blocks if block) or clean(item.get("text"))
    if text:
        yield text
    for attachment in _mappings(item.get("attachments")):
        name = " ".join(clean(attachment.get("file_name")).split()) or "attachment"
        content = clean(attachment.get("extracted_content"))
        yield f"[{name}]\n\n{fenced(content)}" if content else f"[{name}]"
    for file in _mappings(item.get("files")):
        if name := " ".join(clean(file.get("file_name")).split()):
            yield f"[{name}]"


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    return (
        (item for item in value if isinstance(item, Mapping))
        if isinstance(value, list)
        else iter(())
    )
