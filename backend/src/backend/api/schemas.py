"""The bodies of the API, as pydantic models. Names are those of the wire contract."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

MAX_INTEGER = 2**31 - 1
TITLE_MAX_CHARACTERS = 300
SYSTEM_PROMPT_MAX_CHARACTERS = 8_000
MAX_ANSWER_TOKENS = 1_000_000


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("NUL characters are not allowed")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("halves of surrogate pairs are not allowed") from None
    return text


Text = Annotated[str, AfterValidator(_storable)]
"""Text that every database stores: no NUL, no lone surrogates."""


class Body(BaseModel):
    """A JSON body as sent: types are not converted, unknown fields are passed over."""

    model_config = ConfigDict(strict=True)


class ListQuery(BaseModel):
    limit: int = Field(default=50, ge=1, le=200)
    cursor: Text | None = Field(default=None, max_length=300)


class ErrorOut(BaseModel):
    code: str
    message: str
    details: dict[str, Any] | None
    request_id: str | None


class ErrorAnswer(BaseModel):
    error: ErrorOut


# --- Accounts


class Credentials(Body):
    username: Text = Field(max_length=1_000)
    password: Text = Field(max_length=10_000)


class Registration(Credentials):
    invite: Text | None = Field(default=None, max_length=300)


class PasswordChange(Body):
    current_password: Text = Field(max_length=10_000)
    new_password: Text = Field(max_length=10_000)


class UserOut(BaseModel):
    id: str
    username: str
    role: str
    created_at: str


class UserAnswer(BaseModel):
    user: UserOut


class LoggedIn(BaseModel):
    user: UserOut
    token: str
    expires_at: str


class SessionOut(BaseModel):
    id: str
    user_agent: str
    created_at: str
    last_used_at: str
    expires_at: str
    current: bool


class SessionList(BaseModel):
    items: list[SessionOut]
    next_cursor: None = None


class InviteOut(BaseModel):
    code: str
    expires_at: str


# --- Documents


class Progress(BaseModel):
    stage: str
    done: int
    total: int


class DocumentError(BaseModel):
    code: str
    message: str


class DocumentOut(BaseModel):
    id: str
    filename: str
    media_type: str
    size_bytes: int
    sha256: str
    status: Literal["queued", "extracting", "embedding", "ready", "failed", "canceled"]
    searchable: bool
    progress: Progress | None
    queue_position: int | None
    eta_seconds: int | None
    error: DocumentError | None
    page_count: int | None
    chunk_count: int | None
    collection_ids: list[str]
    archive_id: str | None
    source_path: str | None
    created_at: str
    ready_at: str | None


class DocumentListQuery(ListQuery):
    collection_id: Text | None = Field(default=None, max_length=64)


class DocumentAnswer(BaseModel):
    document: DocumentOut


class DocumentList(BaseModel):
    items: list[DocumentOut]
    next_cursor: str | None


class PageOut(BaseModel):
    page: int
    text: str
    ocr: bool


class HighlightQuery(BaseModel):
    page: int = Field(ge=1, le=MAX_INTEGER)
    start: int = Field(ge=0, le=MAX_INTEGER)
    end: int = Field(ge=0, le=MAX_INTEGER)


class Box(BaseModel):
    x: float
    y: float
    width: float
    height: float


class HighlightsOut(BaseModel):
    page: int
    width: float | None
    height: float | None
    boxes: list[Box]


# --- Collections


class NewCollection(Body):
    name: Text = Field(max_length=1_000)


class CollectionChange(Body):
    name: Text | None = Field(default=None, max_length=1_000)


class CollectionOut(BaseModel):
    id: str
    name: str
    document_count: int
    created_at: str
    updated_at: str


class CollectionAnswer(BaseModel):
    collection: CollectionOut


class CollectionList(BaseModel):
    items: list[CollectionOut]
    next_cursor: str | None


# --- Search


class SearchQuery(BaseModel):
    # encoded at length it still fits the longest request line that gunicorn takes
    q: Annotated[Text, Field(min_length=1, max_length=300)]
    kind: Literal["documents", "messages", "all"] = "all"
    limit: int = Field(default=20, ge=1, le=200)
    # of messages only
    role: Literal["user", "assistant"] | None = None
    model: Text | None = Field(default=None, max_length=300)
    conversation_id: Text | None = Field(default=None, max_length=64)
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class Highlight(BaseModel):
    start: int
    end: int


class FoundMessageOut(BaseModel):
    id: str
    conversation_id: str
    role: Literal["user", "assistant"]
    model: str | None
    created_at: str


class FoundConversationOut(BaseModel):
    id: str
    title: str


class SearchHit(BaseModel):
    kind: Literal["document", "message"]
    score: float
    quote: str
    document: DocumentOut | None = None
    page: int | None = None
    message: FoundMessageOut | None = None
    conversation: FoundConversationOut | None = None
    start: int | None = None
    end: int | None = None
    highlights: list[Highlight] | None = None


class SearchList(BaseModel):
    items: list[SearchHit]


class AnsweringModel(BaseModel):
    id: str


class SearchModelList(BaseModel):
    items: list[AnsweringModel]


# --- Memory


class MemoryQuery(BaseModel):
    q: Annotated[Text, Field(min_length=1, max_length=300)]
    limit: int = Field(default=20, ge=1, le=200)


class ForgetQuery(BaseModel):
    before: AwareDatetime | None = None


class MemoryOut(BaseModel):
    message_id: str
    conversation_id: str
    conversation_title: str
    role: Literal["user", "assistant"]
    quote: str
    start: int
    end: int
    created_at: str
    score: float


class MemoryList(BaseModel):
    items: list[MemoryOut]


class MemoryStatsOut(BaseModel):
    message_count: int
    conversation_count: int
    oldest: str | None
    newest: str | None


class RememberedMessageOut(BaseModel):
    message_id: str
    conversation_id: str
    conversation_title: str
    role: Literal["user", "assistant"]
    model: str | None
    content: str
    created_at: str


class MemoryExport(BaseModel):
    exported_at: str
    items: list[RememberedMessageOut]


# --- Conversations


class ConversationChange(Body):
    title: Text | None = Field(default=None, max_length=TITLE_MAX_CHARACTERS)
    memory_enabled: bool | None = None
    document_ids: list[Annotated[Text, Field(max_length=64)]] | None = Field(
        default=None, max_length=10_000
    )
    collection_ids: list[Annotated[Text, Field(max_length=64)]] | None = Field(
        default=None, max_length=1_000
    )
    system_prompt: Text | None = Field(default=None, max_length=SYSTEM_PROMPT_MAX_CHARACTERS)
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_answer_tokens: int | None = Field(default=None, ge=1, le=MAX_ANSWER_TOKENS)


class TokenCounts(BaseModel):
    input_tokens: int
    output_tokens: int


class LeftOut(BaseModel):
    messages: int
    passages: int
    retried: bool


class ConversationOut(BaseModel):
    id: str
    title: str
    memory_enabled: bool
    document_ids: list[str]
    collection_ids: list[str]
    system_prompt: str | None
    temperature: float | None
    max_answer_tokens: int | None
    message_count: int
    created_at: str
    updated_at: str


class MessageOut(BaseModel):
    id: str
    conversation_id: str
    parent_id: str | None
    role: Literal["user", "assistant"]
    content: str
    status: Literal["complete", "streaming", "stopped", "interrupted", "failed"]
    model: str | None
    error: dict[str, Any] | None
    citations: list[dict[str, Any]]
    memories: list[dict[str, Any]]
    memories_state: Literal["ok", "off", "unavailable"] | None
    remembered: bool
    no_answer: bool
    usage: TokenCounts | None
    left_out: LeftOut | None
    stop_reason: Literal["stop", "length", "content_filter"] | None
    created_at: str


class ConversationAnswer(BaseModel):
    conversation: ConversationOut


class ConversationDetail(BaseModel):
    conversation: ConversationOut
    messages: list[MessageOut]
    usage: TokenCounts


class ConversationList(BaseModel):
    items: list[ConversationOut]
    next_cursor: str | None


# --- Exports and imports


class ConversationExportQuery(BaseModel):
    format: Literal["markdown", "json", "pdf"] = "markdown"
    # the message with which the branch shown ends; without it, the newest
    message_id: Text | None = Field(default=None, max_length=64)


class TallyOut(BaseModel):
    imported: int
    skipped: int


class ImportOut(BaseModel):
    imported: int
    skipped: int
    conversations: TallyOut
    messages: TallyOut
    documents: TallyOut
    collections: TallyOut
    problems: list[str]


# --- Settings


class ApiKeyChange(Body):
    key: Text | None = Field(default=None, min_length=1, max_length=1_000)
    base_url: Text | None = Field(default=None, max_length=1_000)


class ApiKeyOut(BaseModel):
    provider: str
    base_url: str | None
    hint: str | None
    created_at: str
    updated_at: str


class ApiKeyAnswer(BaseModel):
    api_key: ApiKeyOut


class ApiKeyList(BaseModel):
    items: list[ApiKeyOut]
    available: list[str]


class ModelOut(BaseModel):
    id: str
    provider: str
    name: str
    context_tokens: int | None
    ready: bool
    reason: str | None


class ModelList(BaseModel):
    items: list[ModelOut]


class ReembeddingOut(BaseModel):
    done: int
    failed: int
    total: int


class SearchModelOut(BaseModel):
    serving: str | None
    next: str | None
    progress: ReembeddingOut | None


# --- The server


class ConfigOut(BaseModel):
    setup_required: bool
    signup_enabled: bool
    api_timeout_ms: int
    max_upload_bytes: int
    memory_enabled: bool
    accepted_types: list[str]
    version: str


class HealthOut(BaseModel):
    status: str
    checks: dict[str, str]
    error: ErrorOut | None = None
