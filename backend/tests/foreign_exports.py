"""Exports of ChatGPT and Claude, written by hand after what these programs write."""

from typing import Any


def gpt_node(
    node_id: str,
    parent: str | None,
    role: str | None = None,
    text: str | None = None,
    *,
    time: float | None = None,
    **message: Any,
) -> dict[str, Any]:
    """Return a node of a mapping; without a role its message is null."""
    node: dict[str, Any] = {"id": node_id, "message": None, "parent": parent, "children": []}
    if role is not None:
        node["message"] = {
            "id": node_id,
            "author": {"role": role, "name": None, "metadata": {}},
            "create_time": time,
            "update_time": None,
            "content": {"content_type": "text", "parts": [text]},
            "status": "finished_successfully",
            "end_turn": None,
            "weight": 1.0,
            "metadata": {"model_slug": "gpt-4o"} if role == "assistant" else {},
            "recipient": "all",
            "channel": None,
            **message,
        }
    return node


def gpt_conversation(
    nodes: list[dict[str, Any]], title: Any = "Lighthouses", **fields: Any
) -> dict[str, Any]:
    mapping = {node["id"]: node for node in nodes}
    for node in nodes:
        if node["parent"] in mapping:
            mapping[node["parent"]]["children"].append(node["id"])
    return {
        "title": title,
        "create_time": 1700000000.123456,
        "update_time": 1700000600.5,
        "mapping": mapping,
        "moderation_results": [],
        "current_node": nodes[-1]["id"],
        "plugin_ids": None,
        "conversation_id": "6553-aaaa",
        "conversation_template_id": None,
        "gizmo_id": None,
        "is_archived": False,
        "safe_urls": [],
        "default_model_slug": "gpt-4o",
        "id": "6553-aaaa",
        **fields,
    }


def lighthouse_chat() -> dict[str, Any]:
    """Return a conversation with a hidden prompt, a picture, a tool and an edited question."""
    return gpt_conversation(
        [
            gpt_node("root", None),
            gpt_node(
                "sys", "root", "system", "", metadata={"is_visually_hidden_from_conversation": True}
            ),
            gpt_node(
                "custom", "sys", "user", None,
                content={"content_type": "user_editable_context", "user_profile": "I am Ada."},
                metadata={"is_visually_hidden_from_conversation": True},
            ),
            gpt_node(
                "q1", "custom", "user", None, time=1700000001.0,
                content={
                    "content_type": "multimodal_text",
                    "parts": [
                        {"content_type": "image_asset_pointer", "asset_pointer": "file-service://x",
                         "size_bytes": 1, "width": 1, "height": 1},
                        "How high is this lighthouse?",
                    ],
                },
            ),
            gpt_node("a1", "q1", "assistant", "It is **77 metres** high.", time=1700000002.5),
            gpt_node(
                "thought", "q1", "assistant", None, time=1700000003.0,
                content={"content_type": "thoughts", "thoughts": [{"content": "Hm."}]},
            ),
            gpt_node(
                "code", "thought", "assistant", None, time=1700000004.0, recipient="python",
                content={"content_type": "code", "language": "python", "text": "print(77/.3)"},
            ),
            gpt_node(
                "out", "code", "tool", None, time=1700000005.0,
                author={"role": "tool", "name": "python", "metadata": {}},
                content={"content_type": "execution_output", "text": "252.6"},
            ),
            gpt_node("a2", "out", "assistant", "About 253 feet.", time=None),
            gpt_node("q2", "a2", "user", "<script>alert(1)</script> And 1543?", time=1700000009),
            gpt_node("a3", "q2", "assistant", "It was rebuilt then.", time=1700000010.0),
            gpt_node("q2b", "a2", "user", "And today?", time=1700000020.0),
            gpt_node("a3b", "q2b", "assistant", "Still 77 metres.", time=1700000021.0),
        ]
    )  # fmt: skip


def claude_message(uuid: str, sender: str, text: str, time: str, **fields: Any) -> dict[str, Any]:
    return {
        "uuid": uuid,
        "text": text,
        "content": [
            {
                "start_timestamp": time,
                "stop_timestamp": time,
                "type": "text",
                "text": text,
                "citations": [],
            }
        ],
        "sender": sender,
        "created_at": time,
        "updated_at": time,
        "attachments": [],
        "files": [],
        **fields,
    }


def claude_chat() -> dict[str, Any]:
    return {
        "uuid": "0c1d-claude",
        "name": "Keepers of the tower",
        "summary": "",
        "created_at": "2025-03-01T09:00:00.000001Z",
        "updated_at": "2025-03-01T09:05:00.000000Z",
        "account": {"uuid": "acc"},
        "chat_messages": [
            claude_message(
                "m1",
                "human",
                "Who lived there?",
                "2025-03-01T09:00:01.000000Z",
                attachments=[
                    {
                        "file_name": "keepers.txt",
                        "file_size": 20,
                        "file_type": "txt",
                        "extracted_content": "Keepers lived here.\n```\nuntil 1957",
                    }
                ],
                files=[{"file_name": "tower.png"}],
            ),
            {
                **claude_message("m2", "assistant", "", "2025-03-01T09:00:05.000000Z"),
                "content": [
                    {"type": "thinking", "thinking": "Let me see."},
                    {"type": "text", "text": "The keepers,"},
                    {"type": "tool_use", "name": "search", "input": {"q": "keepers"}},
                    {"type": "tool_result", "content": [{"type": "text", "text": "1957"}]},
                    {"type": "text", "text": "until 1957."},
                ],
            },
            claude_message("m3", "human", "And then?", "2025-03-01T09:01:00.000000Z"),
            claude_message("m4", "assistant", "Nobody.", "2025-03-01T09:01:05.000000Z"),
        ],
    }
