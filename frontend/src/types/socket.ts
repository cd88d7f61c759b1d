import type { Collection, Conversation, DocumentRecord, Message, WireError } from "./api";

/** What the server sends to every connection of the user. */
export type ServerEvents = {
  chat_response_start: { conversation_id: string; message_id: string; model: string };
  chat_response_chunk: {
    conversation_id: string;
    message_id: string;
    /** Code points of the answer that precede this text. */
    offset: number;
    text: string;
  };
  chat_response_end: { conversation_id: string; message: Message };
  chat_response_error: { conversation_id: string; message_id: string; error: WireError };
  document_updated: { document: DocumentRecord };
  document_deleted: { document_id: string };
  conversation_updated: { conversation: Conversation };
  collection_updated: { collection: Collection };
  collection_deleted: { collection_id: string };
};

/** What the page sends: each event's data and what a successful ack carries. */
export type ClientRequests = {
  chat_message: {
    data: {
      conversation_id: string;
      message: string;
      model: string;
      client_id: string;
      /** The message to continue from; without it the conversation's newest one. */
      parent_id?: string;
      /** For this message alone: false neither recalls nor remembers. */
      memory_enabled?: boolean;
    };
    ack: { user_message_id: string; assistant_message_id: string };
  };
  chat_stop: { data: { message_id: string }; ack: object };
  chat_resume: { data: { message_id: string }; ack: { message: Message } };
  chat_regenerate: {
    data: { message_id: string; model?: string };
    ack: { assistant_message_id: string };
  };
  chat_edit: {
    data: { message_id: string; message: string; model?: string; client_id?: string };
    ack: { user_message_id: string; assistant_message_id: string };
  };
};

export type Ack<T> = ({ ok: true } & T) | { ok: false; error: WireError };
