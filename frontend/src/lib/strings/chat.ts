function listOf(numbers: readonly number[]): string {
  return new Intl.ListFormat("en").format(numbers.map(String));
}

/** Of chats: what is asked, answered and remembered. */
export const chatStrings = {
  chat: {
    messages: "Messages",
    composerLabel: "Your message",
    placeholder: "Ask about your documents",
    composerHint: "Enter sends, Shift and Enter starts a new line.",
    send: "Send",
    stop: "Stop",
    you: "You",
    assistant: "Answer",
    modelMenu: (name: string) => `Model: ${name}`,
    regenerate: "Answer again",
    regenerateWith: "Answer again with…",
    sameModel: "With the same model",
    edit: "Edit",
    editLabel: "Edit your message",
    editHint: "The earlier version is kept as a branch.",
    editSend: "Send",
    copyMessage: "Copy",
    copyAnswer: "Copy answer",
    copyCode: "Copy code",
    branchPrevious: "Previous version",
    branchNext: "Next version",
    branchOf: (index: number, count: number) => `${index}/${count}`,
    sending: "Sending…",
    waiting: "Waiting for the connection",
    queued: "Waiting for the answer being written",
    notSent: "Not sent",
    discard: "Discard",
    thinking: "Searching your documents…",
    stopped: "Stopped.",
    interrupted: "The answer was interrupted.",
    failed: "The answer failed.",
    stopReasons: {
      length: "The answer ends here because it reached its maximum length.",
      content_filter: "The provider withheld the rest of this answer.",
    },
    providerSaid: (message: string) => `The provider said: “${message}”`,
    otherModel: "Choose another model",
    openSettings: "Open settings",
    startNew: "Start a new chat",
    retryIn: (seconds: number) => `Answer again in ${seconds} s`,
    jumpToLatest: "Jump to the latest message",
    answerReady: "Answer complete.",
    remember: "Remember",
    rememberHint: "Use earlier chats in this one, and this one in later chats.",
    rememberOffHint: "Memory is switched off in the settings.",
    dontRememberThis: "Don't remember this message",
    notRemembered: "Not remembered",
    notRememberedText: "Other chats are not told of this message.",
    chatNotRememberedText: "Other chats are not told of anything here while “Remember” is off.",
    scopeAll: "All documents",
    scopeSome: (collections: number, documents: number) =>
      [
        collections === 0 ? null : collections === 1 ? "1 collection" : `${collections} collections`,
        documents === 0 ? null : documents === 1 ? "1 document" : `${documents} documents`,
      ]
        .filter((part) => part !== null)
        .join(", ") || "No documents",
    scopeTitle: "Documents to ask",
    scopeFilter: "Filter documents",
    scopeCollections: "Collections",
    scopeDocuments: "Documents",
    scopeNone: "No documents yet.",
    scopeReset: "Ask all documents",
    noAnswer: "No clear answer in your documents",
    loading: "Loading the chat",
    linkOpensNewTab: "opens in a new tab",
  },

  details: {
    open: (model: string) => `${model}: details of this answer`,
    title: "Details of this answer",
    model: "Model",
    provider: "Provider",
    time: "Time",
    leftOut: (messages: number, passages: number) => {
      const parts = [
        messages === 0 ? null : messages === 1 ? "1 earlier message" : `${messages} earlier messages`,
        passages === 0 ? null : passages === 1 ? "1 passage" : `${passages} passages`,
      ].filter((part) => part !== null);
      const verb = messages + passages === 1 ? "was" : "were";
      return `${parts.join(" and ")} did not fit into the model's window and ${verb} left out.`;
    },
  },

  usage: {
    input: "Read",
    output: "Written",
    tokens: (count: string) => `${count} tokens`,
    ofChat: (input: string, output: string) =>
      `This chat has used ${input} tokens read and ${output} tokens written.`,
    none: "No tokens have been counted yet.",
    hint: "Tokens as the providers counted them, by model.",
    model: "Model",
    answers: "Answers",
    total: "Total",
    since: "Period",
    periods: { all: "All time", month: "Last 30 days", week: "Last 7 days" },
    uncounted: (count: number) =>
      count === 1
        ? "For 1 answer the provider gave no count."
        : `For ${count} answers the provider gave no count.`,
  },

  chatSettings: {
    open: "Chat settings",
    title: "Settings of this chat",
    systemPrompt: "System prompt",
    systemPromptHint:
      "What the model is told before every question of this chat. {{date}} and {{username}} are filled in. Empty: your own from the settings.",
    temperature: "Temperature",
    temperatureHint: "0 keeps to the likeliest words, 2 strays furthest. Empty: the model's own.",
    maxTokens: "Maximum length of an answer",
    maxTokensHint: "In tokens; a token is about four letters. Empty: the model's own.",
    saved: "The settings of this chat were saved.",
  },

  prompts: {
    menu: "Insert a prompt",
    none: "Prompts you use again and again can be kept in the settings.",
    manage: "Manage prompts",
    fillTitle: (name: string) => `Fill in “${name}”`,
    insert: "Insert",
    own: "Your system prompt",
    ownHint:
      "What every model is told before every question, unless a chat has its own. {{date}} and {{username}} are filled in.",
    ownSaved: "Your system prompt was saved.",
    templates: "Prompt templates",
    templatesHint:
      "Inserted from the message field. Where a text has {{words}} in double braces, you are asked for them.",
    empty: "No templates yet.",
    create: "New template",
    name: "Name",
    text: "Text",
    asksFor: (names: readonly string[]) =>
      `Asks for ${new Intl.ListFormat("en").format([...names])}`,
    edit: (name: string) => `Edit ${name}`,
    delete: (name: string) => `Delete ${name}`,
    deleteTitle: (name: string) => `Delete “${name}”?`,
    deleteText: "The template is deleted. Messages written with it stay.",
  },

  citations: {
    label: (n: number, filename: string, page: number | null) =>
      page === null ? `Citation ${n}: ${filename}` : `Citation ${n}: ${filename}, page ${page}`,
    page: (page: number) => `Page ${page}`,
    partial: "The passage supports this only in part.",
    unsupported: "The passage does not support this statement.",
    unsupportedNote: (numbers: readonly number[]) =>
      numbers.length === 1
        ? `Citation ${String(numbers[0])} does not support its statement.`
        : `Citations ${listOf(numbers)} do not support their statements.`,
    partialNote: (numbers: readonly number[]) =>
      numbers.length === 1
        ? `Citation ${String(numbers[0])} supports its statement only in part.`
        : `Citations ${listOf(numbers)} support their statements only in part.`,
    documentGone: "This document has been deleted.",
  },

  memory: {
    recalled: (count: number) =>
      count === 1
        ? "Recalled from 1 earlier chat message"
        : `Recalled from ${count} earlier chat messages`,
    unavailable: "Earlier chats could not be searched, so this answer came without them.",
    saidBy: (role: string) => (role === "user" ? "You" : "Answer"),
    forget: "Forget",
    forgetFrom: (title: string, date: string) => `Forget what was said in ${title}, ${date}`,
    forgotten: "Forgotten.",
    hint: "What was said in chats with “Remember” switched on can help later answers, word for word. Forgetting takes it out of memory; it stays in its chat.",
    switch: "Remember what is said",
    switchHint:
      "Off: no chat recalls another one, and what is said meanwhile is not remembered later either.",
    offHere: "Whoever runs this installation has switched memory off for everybody.",
    stats: (messages: number, conversations: number) =>
      messages === 0
        ? "Nothing is remembered yet."
        : `${messages} ${messages === 1 ? "message" : "messages"} from ${conversations} ${
            conversations === 1 ? "chat" : "chats"
          }`,
    since: (date: string) => `since ${date}`,
    export: "Download as JSON",
    search: "Search memory",
    noMatch: "Nothing remembered matches.",
    before: "Forget what was said before",
    forgetBeforeTitle: (date: string) => `Forget everything before ${date}?`,
    forgetAll: "Forget everything",
    forgetAllTitle: "Forget everything?",
    forgetAllText:
      "It will not be recalled in any chat any more. The chats themselves stay. This cannot be undone.",
  },
} as const;
