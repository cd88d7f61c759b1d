/** Names of what the query cache holds. */
export const queryKeys = {
  config: ["config"] as const,
  session: ["session"] as const,
  sessions: ["sessions"] as const,
  documents: ["documents"] as const,
  pageText: (documentId: string, page: number) => ["documents", documentId, "page", page] as const,
  highlights: (documentId: string, page: number, start: number, end: number) =>
    ["documents", documentId, "highlights", page, start, end] as const,
  collections: ["collections"] as const,
  conversations: ["conversations"] as const,
  conversation: (id: string) => ["conversation", id] as const,
  conversationDetails: ["conversation"] as const,
  search: (query: string) => ["search", query] as const,
  models: ["models"] as const,
  preferences: ["preferences"] as const,
  promptTemplates: ["prompt-templates"] as const,
  usage: (since: string | null) => ["usage", since] as const,
  searchModel: ["search-model"] as const,
  providerKeys: ["provider-keys"] as const,
  memory: ["memory"] as const,
  memoryStats: ["memory", "stats"] as const,
  memorySearch: (query: string) => ["memory", "search", query] as const,
};
