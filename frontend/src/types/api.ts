/** Resources of the HTTP API, named as on the wire. Times are ISO 8601 strings, ids opaque. */

export type WireError = {
  code: string;
  message: string;
  details: Record<string, unknown> | null;
  request_id: string | null;
};

export type Page<T> = { items: T[]; next_cursor: string | null };

export type ServerConfig = {
  setup_required: boolean;
  signup_enabled: boolean;
  api_timeout_ms: number;
  max_upload_bytes: number;
  /** Whether this installation remembers at all. */
  memory_enabled: boolean;
  accepted_types: string[];
  version: string;
};

export type User = {
  id: string;
  username: string;
  role: string;
  created_at: string;
};

export type Session = {
  id: string;
  created_at: string;
  expires_at?: string;
  last_used_at?: string | null;
  user_agent?: string | null;
  current?: boolean;
};

export type Invite = { code: string; expires_at: string };

export type DocumentStatus =
  "queued" | "extracting" | "embedding" | "ready" | "failed" | "canceled";

export type DocumentRecord = {
  id: string;
  filename: string;
  media_type: string;
  size_bytes: number;
  sha256: string;
  status: DocumentStatus;
  searchable: boolean;
  progress: { stage: string; done: number; total: number } | null;
  /** From 1, while it waits to be read. */
  queue_position?: number | null;
  /** How long the present stage will go on. */
  eta_seconds?: number | null;
  error: { code: string; message: string } | null;
  page_count: number | null;
  chunk_count: number | null;
  collection_ids: string[];
  /** The archive it was unpacked from and is deleted with. */
  archive_id?: string | null;
  /** Where it lies in a watched folder; begins with the folder's name. */
  source_path?: string | null;
  created_at: string;
  ready_at: string | null;
};

/** A named set of documents; a document may be in several. */
export type Collection = {
  id: string;
  name: string;
  document_count: number;
  created_at: string;
  updated_at: string;
};

export type PageText = {
  page: number;
  text: string;
  /** True when the text was recognised in a picture. */
  ocr: boolean;
};

/** Fractions of the page, origin top left. */
export type HighlightBox = { x: number; y: number; width: number; height: number };

export type PageHighlights = {
  page: number;
  width: number;
  height: number;
  boxes: HighlightBox[];
};

export type Conversation = {
  id: string;
  title: string;
  memory_enabled: boolean;
  /** Documents chosen one by one; with no collections either, all documents. */
  document_ids: string[];
  /** May name collections that have been deleted since: they stand for no document. */
  collection_ids: string[];
  /** These three: null is the default. */
  system_prompt: string | null;
  /** 0..2 */
  temperature: number | null;
  max_answer_tokens: number | null;
  message_count: number;
  created_at: string;
  updated_at: string;
};

export type CitationSupport = "verified" | "partial" | "unsupported";

export type Citation = {
  n: number;
  /** Null once the document has been deleted. */
  document_id: string | null;
  filename: string;
  chunk_id: string | null;
  quote: string;
  /** Character (code point) offsets in each page's extracted text. */
  pages: { page: number; start: number; end: number }[];
  score: number;
  support: CitationSupport;
  /** As the conversation was loaded; later deletions are events. */
  document_deleted?: boolean;
};

/** A part of a message that was said in another conversation. */
export type Memory = {
  message_id: string;
  conversation_id: string;
  conversation_title: string;
  role: string;
  /** Empty once it is forgotten. */
  quote: string;
  /** Code points of the message's content. */
  start: number;
  end: number;
  forgotten?: boolean;
  created_at: string;
  score: number;
};

export type MessageStatus = "complete" | "streaming" | "stopped" | "interrupted" | "failed";

/** Tokens as the provider counted them. */
export type TokenCounts = { input_tokens: number; output_tokens: number };

export type Message = {
  id: string;
  conversation_id: string;
  parent_id: string | null;
  role: "user" | "assistant";
  content: string;
  status: MessageStatus;
  model: string | null;
  error: MessageError | null;
  citations: Citation[];
  memories: Memory[];
  /** Null: nobody looked. */
  memories_state: "ok" | "off" | "unavailable" | null;
  /** Whether other chats may be told of it, as long as its own is remembered. */
  remembered: boolean;
  /** Whether the documents did not clearly answer the question. */
  no_answer: boolean;
  /** Null where the provider did not count. */
  usage: TokenCounts | null;
  /** How much did not fit the model's window; null: everything did. */
  left_out: { messages: number; passages: number } | null;
  stop_reason: "stop" | "length" | "content_filter" | null;
  created_at: string;
};

export type MessageError = {
  code: string;
  message: string;
  details?: Record<string, unknown> | null;
};

export type ConversationDetail = { conversation: Conversation; messages: Message[] };

export type Usage = TokenCounts & {
  message_count: number;
  /** Answers among them whose tokens nobody counted. */
  unknown_count: number;
};

export type UsageReport = { items: (Usage & { model: string })[]; total: Usage };

/** What a user wants everywhere. */
export type Preferences = { system_prompt: string | null; memory_enabled: boolean };

export type PromptTemplate = {
  id: string;
  name: string;
  text: string;
  /** The names in `{{…}}`, each once. */
  variables: string[];
  created_at: string;
  updated_at: string;
};

export type Model = {
  /** `provider:name` */
  id: string;
  provider: string;
  name: string;
  context_tokens: number | null;
  ready: boolean;
  reason: string | null;
};

export type ProviderKey = {
  provider: string;
  base_url: string | null;
  created_at: string;
  updated_at: string;
  hint: string | null;
};

export type ProviderKeys = { items: ProviderKey[]; available?: string[] };

/** `next` is being prepared while `serving` answers; null unless the model is being changed. */
export type SearchModel = {
  serving: string | null;
  next: string | null;
  progress: { done: number; failed: number; total: number } | null;
};

export type MemoryStats = {
  message_count: number;
  conversation_count: number;
  oldest: string | null;
  newest: string | null;
};

type FoundPart = {
  score: number;
  quote: string;
  start: number;
  end: number;
  /** Where words of the query stand, in code points of the quote. */
  highlights: { start: number; end: number }[];
};

export type FoundPassage = FoundPart & {
  kind: "document";
  document: { id: string; filename: string };
  page: number;
};

export type FoundMessage = FoundPart & {
  kind: "message";
  message: {
    id: string;
    conversation_id: string;
    role: "user" | "assistant";
    model: string | null;
    created_at: string;
  };
  conversation: { id: string; title: string };
};

export type Found = FoundPassage | FoundMessage;

type TakenIn = { imported: number; skipped: number };

/** What became of an import; `imported` and `skipped` count conversations. */
export type ImportReport = TakenIn & {
  conversations: TakenIn;
  messages: TakenIn;
  documents: TakenIn;
  collections: TakenIn;
  /** Sentences about what was not taken in. */
  problems: string[];
};
