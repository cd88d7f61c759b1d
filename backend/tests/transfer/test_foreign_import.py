"""Conversations of ChatGPT and Claude."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from backend.db.repositories import conversations, messages
from backend.db.repositories.conversations import ConversationRecord
from backend.db.repositories.messages import MessageRecord
from backend.errors import ImportRefused
from backend.transfer.chatgpt_marks import readable
from backend.transfer.foreign_import import import_conversations
from backend.transfer.report import Report
from foreign_exports import (
    claude_chat,
    claude_message,
    gpt_conversation,
    gpt_node,
    lighthouse_chat,
)
from installations import Installation
from zip_maker import make_archive

TakeIn = Callable[[Any], Report]


@pytest.fixture
def ada(home: Installation) -> str:
    return home.add_user("ada")


@pytest.fixture
def take_in(home: Installation, ada: str, tmp_path: Path) -> TakeIn:
    """Return a function that imports bytes, or a value as JSON."""

    def take(content: Any, user_id: str = ada) -> Report:
        path = tmp_path / "export"
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        path.write_bytes(data)
        return import_conversations(home.config, home.database, user_id, path)

    return take


def stored(
    home: Installation, user_id: str
) -> list[tuple[ConversationRecord, list[MessageRecord]]]:
    with home.database.db_session() as session:
        records, _ = conversations.list_page(session, user_id, limit=200)
        return [
            (record, messages.list_for_conversation(session, user_id, record.id))
            for record in records
        ]


def test_a_chatgpt_conversation_keeps_its_tree_times_and_model(
    home: Installation, ada: str, take_in: TakeIn
) -> None:
    report = take_in([lighthouse_chat()])
    assert report.problems == []
    [(conversation, found)] = stored(home, ada)
    assert conversation.title == "Lighthouses"
    assert conversation.created_at == datetime.fromtimestamp(1700000000.123456, UTC)
    assert conversation.updated_at == datetime.fromtimestamp(1700000600.5, UTC)
    by_id = {message.id: message for message in found}
    told = [
        (m.role, m.content, by_id[m.parent_id].content[:9] if m.parent_id else None) for m in found
    ]
    answer = "```python\nprint(77/.3)\n```\n\n```\n252.6\n```\n\nAbout 253 feet."
    assert told == [
        ("user", "[image]\n\nHow high is this lighthouse?", None),
        ("assistant", "It is **77 metres** high.", "[image]\n\n"),
        ("assistant", answer, "[image]\n\n"),
        ("user", "<script>alert(1)</script> And 1543?", "```python"),
        ("assistant", "It was rebuilt then.", "<script>a"),
        ("user", "And today?", "```python"),
        ("assistant", "Still 77 metres.", "And today"),
    ]
    assert {m.model for m in found if m.role == "assistant"} == {"openai:gpt-4o"}
    assert found[0].created_at == datetime.fromtimestamp(1700000001, UTC)
    assert all(m.status == "complete" and m.citations == [] for m in found)


def test_a_claude_conversation_keeps_texts_and_attachments(
    home: Installation, ada: str, take_in: TakeIn
) -> None:
    assert take_in([claude_chat()]).problems == []
    [(conversation, found)] = stored(home, ada)
    assert conversation.title == "Keepers of the tower"
    assert conversation.created_at == datetime(2025, 3, 1, 9, 0, 0, 1, UTC)
    assert [(m.role, m.content) for m in found] == [
        (
            "user",
            "Who lived there?\n\n[keepers.txt]\n\n"
            "````\nKeepers lived here.\n```\nuntil 1957\n````\n\n[tower.png]",
        ),
        ("assistant", "The keepers,\n\nuntil 1957."),
        ("user", "And then?"),
        ("assistant", "Nobody."),
    ]
    assert [m.parent_id for m in found] == [None, *(m.id for m in found[:-1])]


CITE = "\ue200cite\ue202turn0search0\ue202turn0news1\ue201"
CITED = "\ue200cite\ue202turn0search5\ue201"
ITEMS = [{"title": "Towers [old]", "attribution": "", "url": "https://towers.example/a"}]
REFERENCES = [
    {"matched_text": CITE, "type": "grouped_webpages", "alt": "([Genoa](https://genoa.example))"},
    {"matched_text": CITED, "type": "grouped_webpages", "alt": None, "items": ITEMS},
    {"matched_text": "\ue200filecite\ue202turn0file0\ue201", "type": "file", "name": "a.pdf"},
    {"matched_text": " ", "type": "sources_footnote", "sources": ITEMS},
    {"matched_text": "", "type": "hidden", "alt": None},
    7,
]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (f"It is high.{CITE}", "It is high. ([Genoa](https://genoa.example))"),
        (f"It is high {CITED}, yes", "It is high ([Towers old](https://towers.example/a)), yes"),
        ("So it says \ue200filecite\ue202turn0file0\ue201.", "So it says (a.pdf)."),
        ('In \ue200entity\ue202["city","Genoa","port"]\ue201 now', "In Genoa now"),
        ("Unknown \ue200cite\ue202turn9search9\ue201.", "Unknown."),
        ('Pictures: \ue200image_group\ue202{"query":\n["a"]}\ue201 end', "Pictures: end"),
        ("Bare \ue202turn0search1 and \ue203a span\ue204\ue206.", "Bare and a span."),
        ("Cut off \ue200cite\ue202turn0se", "Cut off"),
        ("Old 【11†source】 and 【3:0†a.pdf】.", "Old ([T](https://t.example)) and."),
        ("A bracket 【note】 stays.", "A bracket 【note】 stays."),
        ("\ue200entity\ue202" + "[" * 9_999 + "\ue201x", "x"),
    ],
)
def test_chatgpts_marks_become_sources_and_names(written: str, shown: str) -> None:
    citation = {"start_ix": 4, "end_ix": 15, "metadata": {"title": "T", "url": "https://t.example"}}
    metadata = {"content_references": REFERENCES, "citations": [citation, {"start_ix": "x"}]}
    assert readable(written, metadata) == shown
    assert not any("\ue200" <= character <= "\ue206" for character in readable(written, {}))


def test_of_what_chatgpt_asks_tools_only_code_and_canvases_are_taken_in(
    home: Installation, ada: str, take_in: TakeIn
) -> None:
    def asks(node_id: str, above: str, recipient: str, text: str, kind: str = "code") -> Any:
        content = {"content_type": kind, "language": "unknown", "text": text, "parts": [text]}
        return gpt_node(node_id, above, "assistant", None, recipient=recipient, content=content)

    def answers(node_id: str, above: str, **content: Any) -> Any:
        author = {"role": "tool", "name": "x", "metadata": {}}
        return gpt_node(node_id, above, "tool", None, author=author, content=content)

    picture = {"content_type": "image_asset_pointer", "asset_pointer": "sediment://x"}
    poem = {"name": "A poem", "type": "document", "content": "The *lamp*"}
    code = {"name": "lamp.py", "type": "code/python", "content": "light()"}
    change = {"updates": [{"pattern": ".*", "multiple": False, "replacement": "dark()"}, 3]}
    files = [
        {"name": "plan.pdf", "mime_type": "application/pdf"},
        {"name": "a.png", "mime_type": "image/png"},
    ]
    take_in(
        [
            gpt_conversation(
                [
                    gpt_node("q", None, "user", "Draw it", metadata={"attachments": files}),
                    asks("b", "q", "web.run", '{"search_query": []}'),
                    answers("t", "b", content_type="sonic_webpage", text="A page"),
                    asks("m", "t", "bio", "User likes towers.", "text"),
                    asks("i", "m", "t2uay3k.sj1i4kz", '{"prompt": "a tower"}'),
                    answers(
                        "p", "i", content_type="multimodal_text", parts=["From now on", picture]
                    ),
                    asks("c1", "p", "canmore.create_textdoc", json.dumps(poem)),
                    asks("c2", "c1", "canmore.create_textdoc", json.dumps(code), "text"),
                    asks("c3", "c2", "canmore.update_textdoc", json.dumps(change)),
                    asks("c4", "c3", "canmore.update_textdoc", '{"updates": 5}'),
                    asks("c5", "c4", "canmore.update_textdoc", "no JSON"),
                    answers("e", "c5", content_type="system_error", text="timeout"),
                    asks("y", "e", "python", "light()"),
                    gpt_node("a", "y", "assistant", f"Here.{CITE}"),
                ]
            )
        ]
    )
    [(_, [question, answer])] = stored(home, ada)
    assert question.content == "Draw it\n\n[plan.pdf]"
    assert answer.content == (
        "[image]\n\n**A poem**\n\nThe *lamp*\n\n**lamp.py**\n\n```python\nlight()\n```\n\n"
        "```\ndark()\n```\n\n```\nlight()\n```\n\nHere."
    )


def test_what_was_spoken_is_its_words(home: Installation, ada: str, take_in: TakeIn) -> None:
    spoken = [
        {"content_type": "audio_transcription", "text": "How high?", "direction": "in"},
        {"content_type": "real_time_user_audio_video_asset_pointer"},
    ]
    silent = [{"content_type": "audio_asset_pointer", "asset_pointer": "sediment://x"}]
    nodes = [
        gpt_node("q", None, "user", content={"content_type": "multimodal_text", "parts": spoken}),
        gpt_node(
            "a", "q", "assistant", content={"content_type": "multimodal_text", "parts": silent}
        ),
    ]
    take_in([gpt_conversation(nodes)])
    assert [m.content for m in stored(home, ada)[0][1]] == ["How high?", "[audio]"]


BOX = "```\nThis block is not supported on your current device yet.\n```"


@pytest.mark.parametrize(
    ("content", "text", "shown"),
    [
        ([{"type": "thinking", "thinking": "Hm."}, {"type": "tool_use"}], f"Hm.\n{BOX}", None),
        ([{"type": "text", "text": ""}], f"A.\n\n{BOX}\n\nB.", "A.\n\n\n\nB."),
        ([], "Only text", "Only text"),
        ([{"type": "voice_note", "title": "Note", "text": "Spoken"}], "", "Spoken"),
        (
            [
                {"type": "text", "text": "Here:"},
                {
                    "type": "tool_use",
                    "name": "artifacts",
                    "input": {
                        "command": "create", "title": "A\npoem", "type": "text/markdown",
                        "content": "The *lamp*",
                    },
                },
                {
                    "type": "tool_use",
                    "name": "artifacts",
                    "input": {"command": "update", "old_str": "lamp", "new_str": "light"},
                },
                {"type": "tool_result", "name": "artifacts", "content": [{"text": "OK"}]},
            ],
            "",
            "Here:\n\n**A poem**\n\nThe *lamp*",
        ),
        (
            [],
            "Look. <antThinking>Is this an artifact?</antThinking>"
            '<antArtifact identifier="x" type="application/vnd.ant.code" language="python" '
            'title="lamp.py">\nlight()\n</antArtifact> Done.',
            "Look. **lamp.py**\n\n```python\nlight()\n``` Done.",
        ),
    ],
)  # fmt: skip
def test_claudes_documents_are_taken_in_and_its_thoughts_are_not(
    home: Installation, ada: str, take_in: TakeIn, content: Any, text: str, shown: str | None
) -> None:
    chat = claude_chat()
    chat["chat_messages"][1] = {**chat["chat_messages"][1], "content": content, "text": text}
    take_in([chat])
    found = [m.content for m in stored(home, ada)[0][1]]
    assert found[1:-2] == ([] if shown is None else [shown])


def test_claudes_branches_are_kept_where_it_tells_them(
    home: Installation, ada: str, take_in: TakeIn
) -> None:
    chat = claude_chat()
    root = "00000000-0000-4000-8000-000000000000"
    for item, parent in zip(chat["chat_messages"], (root, "m1", "m2", "m3"), strict=True):
        item["parent_message_uuid"] = parent
    chat["chat_messages"].append(
        claude_message("m5", "human", "Who else?", "2025-03-01T09:02:00Z", parent_message_uuid="m2")
    )
    take_in([chat])
    [(_, found)] = stored(home, ada)
    texts = {m.id: m.content for m in found}
    assert [
        texts.get(m.parent_id or "") for m in found if m.content in ("And then?", "Who else?")
    ] == ["The keepers,\n\nuntil 1957."] * 2


def test_the_archives_that_both_programs_give_are_read(
    home: Installation, ada: str, take_in: TakeIn
) -> None:
    archive = make_archive(
        {
            "chat.html": "<html>",
            "conversations-000.json": json.dumps([lighthouse_chat()]),
            "conversations-001.json": json.dumps([claude_chat()]),
            "user.json": "{}",
        }
    )
    assert take_in(archive).to_wire()["imported"] == 2
    assert len(stored(home, ada)) == 2


def test_importing_twice_doubles_nothing_and_adds_what_is_new(
    home: Installation, ada: str, take_in: TakeIn
) -> None:
    first = take_in([lighthouse_chat(), claude_chat()])
    assert first.to_wire()["messages"] == {"imported": 11, "skipped": 0}
    before = stored(home, ada)
    again = take_in([lighthouse_chat(), claude_chat()])
    assert again.to_wire()["conversations"] == {"imported": 0, "skipped": 2}
    assert stored(home, ada) == before
    longer = claude_chat()
    longer["chat_messages"].append(
        claude_message("m5", "human", "Really nobody?", "2025-03-02T09:00:00Z")
    )
    assert take_in([longer]).to_wire()["messages"] == {"imported": 1, "skipped": 4}


def test_two_people_may_import_the_same_export(
    home: Installation, ada: str, take_in: Callable[..., Report]
) -> None:
    bob = home.add_user("bob")
    take_in([lighthouse_chat()])
    assert take_in([lighthouse_chat()], bob).messages.imported == 7
    assert take_in([lighthouse_chat()], bob).messages.imported == 0
    assert len(stored(home, ada)[0][1]) == len(stored(home, bob)[0][1]) == 7


def test_what_cannot_be_read_is_named_and_the_rest_is_taken_in(take_in: TakeIn) -> None:
    circle = [gpt_node("a", "b", "user", "Hi"), gpt_node("b", "a", "assistant", "Ho")]
    report = take_in(
        [
            {"title": "foreign"},
            5,
            gpt_conversation(circle),
            gpt_conversation([gpt_node("root", None)], conversation_id="empty"),
            {**claude_chat(), "chat_messages": [7]},
            lighthouse_chat(),
        ]
    )
    assert report.to_wire()["conversations"] == {"imported": 1, "skipped": 1}
    assert report.problems == [
        "Conversation 1 is none of ChatGPT or Claude.",
        "Conversation 2 is none of ChatGPT or Claude.",
        "Conversation 3 cannot be read: its messages follow each other in a circle.",
        "Conversation 5 cannot be read: it has a message that is none.",
        "1 conversation holds no text and was left out.",
    ]


def test_of_a_file_that_breaks_off_the_whole_conversations_are_taken_in(take_in: TakeIn) -> None:
    text = json.dumps([lighthouse_chat(), claude_chat()]).encode()
    report = take_in(text[:-200])
    assert report.conversations.imported == 1
    assert report.problems == ["The file cannot be read after conversation 1: it breaks off."]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_any_encoding_of_unicode_is_read(
    home: Installation, ada: str, take_in: TakeIn, encoding: str
) -> None:
    chat = {**lighthouse_chat(), "title": "Żółty 灯台 🗼"}
    take_in(json.dumps([chat], ensure_ascii=False).encode(encoding))
    assert stored(home, ada)[0][0].title == "Żółty 灯台 🗼"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"hello", "no JSON"),
        (b"", "breaks off"),
        (b"{}", "no list"),
        (b"[]", "No conversation"),
        (b'[{"a": 1}]', "none of ChatGPT or Claude"),
        ('[{"title": "Stra\xdfe"}]'.encode("latin-1"), "not written in UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'[{"a":' * 100_000, "nested too deeply"),
        (b"\xff\xfe[\x00\x00\xd8", "encoding"),
        (make_archive({"notes.txt": "x"}), "no conversations.json"),
        (make_archive({"manifest.json": "{}"}), "archive of an account"),
        (make_archive({"conversations.json": "[]"})[:-30], "damaged"),
    ],
)
def test_a_file_of_which_nothing_can_be_read_is_refused_with_the_reason(
    home: Installation, ada: str, take_in: TakeIn, content: bytes, reason: str
) -> None:
    with pytest.raises(ImportRefused, match=reason):
        take_in(content)
    assert stored(home, ada) == []


@pytest.mark.parametrize("time", [None, "soon", 1e30, -1e30, float("1e9"), True, 0])
def test_missing_and_mad_times_do_no_harm(
    home: Installation, ada: str, take_in: TakeIn, time: Any
) -> None:
    nodes = [
        gpt_node("q", None, "user", "How high?", time=time),
        gpt_node("a", "q", "assistant", "77 metres.", time=time),
    ]
    chat = gpt_conversation(nodes, title=None, create_time=time, update_time=time)
    take_in([chat])
    take_in([chat])
    [(conversation, found)] = stored(home, ada)
    assert conversation.title == "How high?"
    assert [m.role for m in found] == ["user", "assistant"]


def test_halves_of_characters_and_nuls_are_mended(
    home: Installation, ada: str, take_in: TakeIn
) -> None:
    nodes = [gpt_node("q", None, "user", "a\0b \ud83d end")]
    take_in([gpt_conversation(nodes)])
    assert stored(home, ada)[0][1][0].content == "ab ? end"


def test_a_conversation_that_is_too_large_is_named_and_the_next_one_taken_in(
    take_in: TakeIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.transfer.json_stream.MAX_ITEM_BYTES", 100_000)
    huge = gpt_conversation([gpt_node(f"n{i}", None, "user", "x" * 50) for i in range(3_000)])
    report = take_in([huge, claude_chat()])
    assert report.problems == ["Conversation 1 is too large."]
    assert report.conversations.imported == 1


def test_a_bomb_is_refused(take_in: TakeIn) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conversations.json", b"[" + b" " * 50_000_000 + b"]")
    with pytest.raises(ImportRefused, match="200 times its size"):
        take_in(buffer.getvalue())
