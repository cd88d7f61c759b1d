"""What lies in an archive of an account, version 1.

A ZIP archive of

- `files/<sha256>`: the original files of documents, each by what it contains;
- parts: files of JSON lines, one record a line (`PARTS`); in `conversations.jsonl` each
  conversation is followed by its messages;
- `manifest.json`, written last: format, version, and the SHA-256 of every part. Documents name
  their files by hash, so the manifest vouches for the whole.

Ids are those of the installation it came from. Nothing in it is a path. No key, password or
log-in session is in it. Whoever adds a field or a part raises VERSION: an installation that
does not know it has to refuse the archive rather than lose it.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

FORMAT: Final = "docchat-account"
VERSION: Final = 1
MANIFEST: Final = "manifest.json"
CONVERSATIONS: Final = "conversations.jsonl"
DOCUMENTS: Final = "documents.jsonl"
COLLECTIONS: Final = "collections.jsonl"
SETTINGS: Final = "settings.jsonl"
PARTS: Final = (CONVERSATIONS, DOCUMENTS, COLLECTIONS, SETTINGS)
FILES: Final = "files/"
FILE_NAME: Final = re.compile(r"files/([0-9a-f]{64})")

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,36}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0, le=2**53)]

# Times that every database stores, and that can be told in UTC.
Moment = Annotated[
    AwareDatetime,
    Field(ge=datetime(1900, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC)),
]

Tokens = Annotated[int, Field(ge=0, le=2**31 - 1)]


class Line(BaseModel):
    """A record: types are not converted, and there are no fields that nobody knows."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class PartLine(Line):
    sha256: Sha256
    size_bytes: Count
    records: Count


class ManifestLine(Line):
    format: Literal["docchat-account"]
    version: Literal[1]
    application: str
    created_at: Moment
    username: str
    parts: dict[str, PartLine]


class CollectionLine(Line):
    id: Id
    name: str = Field(min_length=1, max_length=1_000)
    created_at: Moment
    updated_at: Moment


class DocumentLine(Line):
    id: Id
    filename: str = Field(max_length=1_000)
    media_type: str = Field(max_length=200)
    size_bytes: Count
    sha256: Sha256
    has_file: bool  # false: the original was lost before the export
    archive_id: Id | None
    collection_ids: list[Id]
    created_at: Moment


class PreferencesLine(Line):
    system_prompt: str | None
    memory_enabled: bool | None


class TemplateLine(Line):
    id: Id
    name: str = Field(min_length=1, max_length=1_000)
    text: str
    created_at: Moment
    updated_at: Moment


class SettingLine(Line):
    """A line of `settings.jsonl`: the preferences, or a prompt template."""

    preferences: PreferencesLine | None = None
    template: TemplateLine | None = None


class ConversationLine(Line):
    id: Id
    title: str = Field(min_length=1, max_length=1_000)
    title_source: Literal["default", "question", "model", "user"]
    memory_enabled: bool
    system_prompt: str | None
    temperature: float | None = Field(ge=0, le=2)
    max_answer_tokens: Tokens | None
    document_ids: list[Id]
    collection_ids: list[Id]
    created_at: Moment
    updated_at: Moment


class Stored(BaseModel):
    """JSON kept with a message: known fields have to be sound, others are taken along."""

    model_config = ConfigDict(strict=True, extra="allow", frozen=True, allow_inf_nan=False)


class PageSpanLine(Stored):
    page: Count
    start: Count
    end: Count


class CitationLine(Stored):
    n: Count
    document_id: Id
    filename: str
    chunk_id: str
    quote: str
    pages: list[PageSpanLine]
    score: float | None
    support: Literal["verified", "partial", "unsupported"]


class MemoryLine(Stored):
    message_id: Id
    conversation_id: Id


class LeftOutLine(Stored):
    messages: Tokens
    passages: Tokens
    retried: bool


class MessageLine(Line):
    id: Id
    parent_id: Id | None
    role: Literal["user", "assistant"]
    content: str
    status: Literal["complete", "streaming", "stopped", "interrupted", "failed"]
    model: str | None = Field(max_length=500)
    error: dict[str, Any] | None
    citations: list[CitationLine]
    memories: list[MemoryLine]
    memories_state: Literal["ok", "off", "unavailable"] | None
    memory_enabled: bool | None
    is_remembered: bool
    no_answer: bool
    input_tokens: Tokens | None
    output_tokens: Tokens | None
    estimated_input_tokens: Tokens | None
    stop_reason: Literal["stop", "length", "content_filter"] | None
    left_out: LeftOutLine | None
    created_at: Moment
    updated_at: Moment


class HistoryLine(Line):
    """A line of `conversations.jsonl`: a conversation, or a message of the one before."""

    conversation: ConversationLine | None = None
    message: MessageLine | None = None
