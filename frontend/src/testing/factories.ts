import type { Citation, Collection, Conversation, DocumentRecord, Message } from "@/types/api";

export function aMessage(fields: Partial<Message> = {}): Message {
  return {
    id: "m1",
    conversation_id: "c1",
    parent_id: null,
    role: "assistant",
    content: "",
    status: "complete",
    model: "builtin:quotes",
    error: null,
    citations: [],
    memories: [],
    memories_state: null,
    remembered: true,
    no_answer: false,
    usage: null,
    left_out: null,
    stop_reason: null,
    created_at: "2026-11-22T10:00:00+00:00",
    ...fields,
  };
}

export function aCitation(fields: Partial<Citation> = {}): Citation {
  return {
    n: 1,
    document_id: "d1",
    filename: "report.pdf",
    chunk_id: "k1",
    quote: "Revenue rose by 4 percent.",
    pages: [{ page: 2, start: 10, end: 36 }],
    score: 0.9,
    support: "verified",
    ...fields,
  };
}

export function aDocument(fields: Partial<DocumentRecord> = {}): DocumentRecord {
  return {
    id: "d1",
    filename: "report.pdf",
    media_type: "application/pdf",
    size_bytes: 1_200_000,
    sha256: "0".repeat(64),
    status: "ready",
    searchable: true,
    progress: null,
    queue_position: null,
    eta_seconds: null,
    error: null,
    page_count: 12,
    chunk_count: 30,
    collection_ids: [],
    archive_id: null,
    created_at: "2026-11-22T10:00:00+00:00",
    ready_at: "2026-11-22T10:01:00+00:00",
    ...fields,
  };
}

export function aCollection(fields: Partial<Collection> = {}): Collection {
  return {
    id: "k1",
    name: "Contracts",
    document_count: 0,
    created_at: "2026-11-22T10:00:00+00:00",
    updated_at: "2026-11-22T10:00:00+00:00",
    ...fields,
  };
}

export function aConversation(fields: Partial<Conversation> = {}): Conversation {
  return {
    id: "c1",
    title: "Revenue",
    memory_enabled: true,
    document_ids: [],
    collection_ids: [],
    system_prompt: null,
    temperature: null,
    max_answer_tokens: null,
    message_count: 0,
    created_at: "2026-11-22T10:00:00+00:00",
    updated_at: "2026-11-22T10:00:00+00:00",
    ...fields,
  };
}
