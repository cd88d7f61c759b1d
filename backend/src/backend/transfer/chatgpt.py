"""Conversations of a ChatGPT export (`conversations.json`).

Each is `{title, create_time, update_time, conversation_id, current_node, mapping}`; `mapping`
leads from ids to nodes `{id, message, parent, children}` of a tree. A message has an author's
role, a `content` with `content_type` and `parts` or `text`, a `recipient` (`all` or a tool) and
`metadata` with `model_slug`. Times are seconds since 1970, or null.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from backend.transfer.chatgpt_marks import readable
from backend.transfer.foreign import (
    ForeignConversation,
    ForeignMessage,
    NotReadable,
    clean,
    document,
    fenced,
    in_order,
    joined,
    model_id,
    seconds,
)

SOURCE: Final = "chatgpt"
# Pictures and recordings lie beside conversations.json and are not taken in.
_PARTS: Final = {
    "image_asset_pointer": "[image]",
    "audio_asset_pointer": "[audio]",
    "real_time_user_audio_video_asset_pointer": "[audio]",
    "video_container_asset_pointer": "[video]",
}


def is_conversation(value: Mapping[str, Any]) -> bool:
    """Return whether this looks like a conversation of ChatGPT."""
    return isinstance(value.get("mapping"), Mapping)


def read_conversation(value: Mapping[str, Any], fallback_id: str) -> ForeignConversation:
    """Return the conversation with those of its messages that have text.

    Raises:
        NotReadable: its nodes are none.
    """
    nodes: Mapping[str, Any] = value["mapping"]
    messages, place = [], {}
    for node_id, node in nodes.items():
        if not isinstance(node, Mapping):
            raise NotReadable("it has a node that is none")
        message = _message(node_id, node.get("message"))
        if message is not None:
            messages.append(message)
            place[node_id] = message
    above: dict[str, str | None] = {}
    for message in messages:
        message.parent_id = _visible_parent(nodes, place, above, message.id)
    return ForeignConversation(
        source=SOURCE,
        id=clean(value.get("conversation_id")) or clean(value.get("id")) or fallback_id,
        title=clean(value.get("title")),
        created_at=seconds(value.get("create_time")),
        updated_at=seconds(value.get("update_time")),
        messages=joined(in_order(messages)),
    )


def _visible_parent(
    nodes: Mapping[str, Any],
    place: Mapping[str, ForeignMessage],
    above: dict[str, str | None],
    node_id: str,
) -> str | None:
    """Return the nearest node above that is a message of ours; `above` remembers."""
    path: list[str] = []
    at: Any = node_id
    found = None
    while isinstance(at, str) and at in nodes:
        if at in above:
            found = above[at]
            break
        above[at] = None  # until it is known; ends what leads back to itself
        path.append(at)
        at = nodes[at].get("parent")
        if isinstance(at, str) and at in place:
            found = at
            break
    above.update(dict.fromkeys(path, found))
    return found


def _message(node_id: str, value: Any) -> ForeignMessage | None:
    """Return the node's message; None for what is not meant to be seen."""
    if not isinstance(value, Mapping):
        return None
    author, metadata = _mapping(value.get("author")), _mapping(value.get("metadata"))
    if metadata.get("is_visually_hidden_from_conversation"):
        return None
    role, content = author.get("role"), _mapping(value.get("content"))
    match role:
        case "user":
            text = "\n\n".join([*_parts(content), *_attached(metadata)])
        case "assistant":
            text = readable(_said(content, clean(value.get("recipient"))), metadata)
        case "tool":
            text = _made(content)
        case _:
            text = ""
    if not text:
        return None
    return ForeignMessage(
        id=node_id,
        parent_id=None,
        role="user" if role == "user" else "assistant",
        content=text,
        created_at=seconds(value.get("create_time")),
        model=model_id("openai", metadata.get("model_slug")) if role != "user" else None,
    )


def _said(content: Mapping[str, Any], recipient: str) -> str:
    """Return an answer's text; of what goes to tools the code that is run, and canvases."""
    if recipient.startswith("canmore."):
        return _canvas(clean(content.get("text")) or "\n".join(_parts(content)))
    if recipient not in ("", "all") and not recipient.startswith("python"):
        return ""
    if content.get("content_type") == "code":
        code, language = clean(content.get("text")), clean(content.get("language"))
        is_word = language.isalnum() and language != "unknown"
        return fenced(code, language if is_word else "") if code else ""
    return "\n\n".join(_parts(content))


def _canvas(text: str) -> str:
    """Return the document of a canvas: `{name, type, content}`, or what `updates` put into it."""
    try:
        asked = _mapping(json.loads(text, strict=False))
    except (ValueError, RecursionError):
        return ""
    kind, updates = clean(asked.get("type")), asked.get("updates")
    if written := clean(asked.get("content")):
        language = kind.removeprefix("code/") if kind.startswith("code/") else None
        return document(clean(asked.get("name")), written, language)
    texts = [clean(_mapping(u).get("replacement")) for u in _list(updates)]
    return "\n\n".join(fenced(text) for text in texts if text)


def _made(content: Mapping[str, Any]) -> str:
    """Return of a tool's message what a program printed, and where pictures were made."""
    kind = content.get("content_type")
    if kind == "execution_output":
        output = clean(content.get("text"))
        return fenced(output) if output else ""
    pictures = _PARTS.values()
    return "\n\n".join(part for part in _parts(content) if part in pictures)


def _parts(content: Mapping[str, Any]) -> list[str]:
    """Return the parts of a text; of what was spoken the words, else that it was."""
    if content.get("content_type") not in ("text", "multimodal_text"):
        return []
    parts = _list(content.get("parts"))
    texts = [text for text in map(_part, parts) if text]
    if any(_mapping(part).get("content_type") == "audio_transcription" for part in parts):
        texts = [text for text in texts if text != "[audio]"]
    return texts


def _attached(metadata: Mapping[str, Any]) -> list[str]:
    """Return the names of files; of pictures their place is told."""
    return [
        f"[{name}]"
        for file in map(_mapping, _list(metadata.get("attachments")))
        if (name := " ".join(clean(file.get("name")).split()))
        and not clean(file.get("mime_type") or file.get("mimeType")).startswith("image/")
    ]


def _part(part: Any) -> str:
    if isinstance(part, Mapping):
        return clean(part.get("text")) or _PARTS.get(str(part.get("content_type")), "")
    return clean(part)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
