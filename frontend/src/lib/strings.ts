function listOf(numbers: readonly number[]): string {
  return new Intl.ListFormat("en").format(numbers.map(String));
}

const ORDINAL_RULES = new Intl.PluralRules("en", { type: "ordinal" });
const ORDINAL_ENDINGS: Partial<Record<Intl.LDMLPluralRule, string>> = {
  one: "st",
  two: "nd",
  few: "rd",
};

function ordinal(number: number): string {
  return `${number}${ORDINAL_ENDINGS[ORDINAL_RULES.select(number)] ?? "th"}`;
}

/** Every sentence the page shows, in one place, so that languages can be added. */
export const strings = {
  productName: "Doc Chat",

  actions: {
    cancel: "Cancel",
    close: "Close",
    copy: "Copy",
    copied: "Copied",
    delete: "Delete",
    download: "Download",
    retry: "Try again",
    save: "Save",
  },

  errors: {
    network: "The server cannot be reached. Check the connection and try again.",
    timeout: "The server did not answer in time. Try again.",
    unknown: "Something went wrong. Try again.",
    page: "This page stopped working. Reload it; nothing you sent is lost.",
    reload: "Reload",
    notFound: "There is nothing at this address.",
    startPage: "Go to the start page",
  },

  auth: {
    createTitle: "Create your account",
    createFirstTitle: "Welcome to Doc Chat",
    createFirstHint:
      "Create the first account. It runs this installation; your documents stay on this machine.",
    logInTitle: "Log in",
    expired: "Your session has ended. Log in again; what you typed is kept.",
    username: "User name",
    password: "Password",
    passwordHint: "At least 8 characters. A short sentence is easy to remember.",
    passwordShort: "Use at least 8 characters.",
    usernameMissing: "Choose a user name.",
    invite: "Invite code",
    create: "Create account",
    logIn: "Log in",
    logOut: "Log out",
    toSignUp: "Create an account",
    toLogIn: "Log in instead",
    noAccount: "New here?",
    haveAccount: "Already have an account?",
    loading: "Opening Doc Chat…",
  },

  shell: {
    skipToChat: "Skip to the conversation",
    sidebar: "Conversations and documents",
    showSidebar: "Show sidebar",
    hideSidebar: "Hide sidebar",
    conversationsTab: "Chats",
    documentsTab: "Documents",
    newConversation: "New chat",
    settings: "Settings",
    shortcuts: "Keyboard shortcuts",
    account: "Account",
    resizeViewer: "Resize the document viewer",
    offline: "Connection lost. What you type is kept, and sent once the connection is back.",
    theme: "Theme",
  },

  shortcuts: {
    title: "Keyboard shortcuts",
    newConversation: "New chat",
    search: "Search chats and documents",
    focusComposer: "Write a message",
    toggleSidebar: "Show or hide the sidebar",
    closeViewer: "Close the document viewer",
    citations: "Previous or next citation",
    help: "Show this list",
    send: "Send the message",
    newLine: "New line in the message",
    singleKeys: "Single-key shortcuts",
    singleKeysHint: "Turn this off if they get in the way of speech input or a screen reader.",
  },

  conversations: {
    empty: "Your chats will appear here.",
    untitled: "New chat",
    rename: "Rename",
    renameLabel: "Title of the chat",
    delete: "Delete",
    deleteTitle: "Delete this chat?",
    deleteText: (title: string) =>
      `“${title}” and everything it is remembered for will be gone. This cannot be undone.`,
    deleted: "The chat was deleted.",
    forget: "Forget this chat",
    forgetTitle: "Forget this chat?",
    forgetText: (title: string) =>
      `What was said in “${title}” so far will not be recalled in other chats any more. The chat itself stays. This cannot be undone.`,
    wasForgotten: "The chat is not remembered any more.",
    export: "Download this chat",
    exportFormats: { markdown: "Markdown", pdf: "PDF", json: "JSON, all versions" },
    today: "Today",
    yesterday: "Yesterday",
    thisWeek: "Previous 7 days",
    thisMonth: "Previous 30 days",
    list: "Chats",
    actionsFor: (title: string) => `Actions for ${title}`,
    gone: "This chat does not exist any more.",
  },

  documents: {
    add: "Add documents",
    list: "Documents",
    empty: "No documents yet. Drop files anywhere on this page.",
    dropHere: "Drop the files to add them",
    pages: (count: number) => (count === 1 ? "1 page" : `${count} pages`),
    uploading: (percent: number) => `Uploading, ${percent} %`,
    waiting: "Waiting to upload",
    uploadFailed: "Not uploaded",
    tooLarge: (limit: string) => `This file is larger than the limit of ${limit}.`,
    emptyFile: "This file is empty.",
    alreadyHere: (filename: string) => `You already have “${filename}”; nothing was added twice.`,
    dismiss: (filename: string) => `Dismiss ${filename}`,
    cancelUpload: (filename: string) => `Cancel the upload of ${filename}`,
    retryUpload: (filename: string) => `Upload ${filename} again`,
    queued: "Waiting",
    queuedAt: (position: number) => `Waiting, ${ordinal(position)} in line`,
    extracting: "Reading",
    unpacking: (done: number, total: number) => `Unpacking ${done} / ${total}`,
    from: (origin: string) => `From ${origin}`,
    embedding: "Indexing",
    ready: "Ready",
    failed: "Failed",
    canceled: "Canceled",
    failedWithoutReason: "This document could not be read.",
    searchable: "You can ask already",
    percent: (stage: string, percent: number) => `${stage}, ${percent} %`,
    underAMinuteLeft: "less than 1 min left",
    minutesLeft: (minutes: number) => `about ${minutes} min left`,
    hoursLeft: (hours: number) => `about ${hours} h left`,
    cancel: "Cancel processing",
    retry: "Try again",
    open: (filename: string) => `Open ${filename}`,
    actionsFor: (filename: string) => `Actions for ${filename}`,
    deleteTitle: "Delete this document?",
    deleteText: (filename: string) =>
      `“${filename}” will be removed. Answers keep the sentences they quoted, but the document cannot be opened any more.`,
    deleteArchiveText: (filename: string, count: number) =>
      `“${filename}” and the ${
        count === 1 ? "document" : `${count} documents`
      } unpacked from it will be removed, but for what another archive holds too. Answers keep the sentences they quoted, but the documents cannot be opened any more.`,
    deleteWatchedText: (filename: string, path: string) =>
      `“${filename}” will be removed here. The file ${path} in the watched folder stays, and the document does not come back until that file changes.`,
    progressOf: (filename: string) => `Progress of ${filename}`,
    searchModel: (done: number, total: number) =>
      `Preparing the new search model: ${done} of ${total} documents`,
  },

  collections: {
    all: "All documents",
    filter: (name: string) => `Show: ${name}`,
    list: "Collections",
    menuItem: "Collections…",
    create: "New collection…",
    rename: "Rename collection…",
    delete: "Delete collection…",
    createTitle: "New collection",
    renameTitle: "Rename the collection",
    name: "Name",
    newName: "Name of a new collection",
    add: "Create",
    ofDocument: (filename: string) => `Collections of ${filename}`,
    none: "No collections yet. Name the first one.",
    empty: "No documents in this collection yet. Put some in from a document's menu.",
    deleteTitle: "Delete this collection?",
    deleteText: (name: string) => `“${name}” will be gone. Its documents stay.`,
  },

  start: {
    firstTitle: "Start with your documents",
    firstText:
      "Drop PDF, Office, e-mail, images or text files here, or ZIP archives of them. They stay on this machine.",
    choose: "Choose files",
    orDrop: "or drop them anywhere on this page",
    upTo: (limit: string) => `Up to ${limit} each`,
    steps: [
      ["Add", "Drop one or many documents."],
      ["Ask", "In your own words, while they are still being indexed."],
      ["Check", "Every citation opens the exact passage."],
    ] as const,
    title: "What would you like to know?",
    ready: (count: number) => (count === 1 ? "1 document to ask" : `${count} documents to ask`),
    preparing: (count: number) =>
      count === 1 ? "1 is still being prepared" : `${count} are still being prepared`,
    connectModel: "Answers are quotes from your documents. For answers in full sentences,",
    connectModelLink: "connect a language model",
  },

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

  search: {
    label: "Search chats and documents",
    submit: "Search",
    clear: "Clear the search",
    results: "Results",
    chats: "Chats",
    messages: "Messages",
    documents: "Documents",
    searching: "Searching…",
    found: (count: number) => (count === 1 ? "1 result" : `${count} results`),
    none: (query: string) => `Nothing matches “${query}”.`,
    page: (page: number) => `Page ${page}`,
    filters: "Filters",
    kind: "Search in",
    kinds: { all: "Everything", messages: "Messages", documents: "Documents" },
    role: "Said by",
    roles: { "": "Anyone", user: "You", assistant: "The models" },
    model: "Model",
    anyModel: "Any model",
    from: "From",
    until: "Until",
    thisChat: "Only this chat",
    reset: "Reset filters",
  },

  transfer: {
    hint: "Everything that is yours can leave, and come in again elsewhere.",
    export: "Export your account",
    exportHint:
      "One ZIP archive with your documents, chats, collections and prompts. Passwords and provider keys are not in it.",
    download: "Download the archive",
    account: "Import an account",
    accountHint:
      "An archive exported from Doc Chat, here or elsewhere. What you have already stays as it is.",
    chats: "Import from ChatGPT or Claude",
    chatsHint:
      "The ZIP archive that they send when you ask for an export of your data, or the conversations.json in it.",
    choose: "Choose a file",
    chooseFor: (purpose: string) => `Choose a file: ${purpose}`,
    uploading: (filename: string, percent: number) => `Sending ${filename}, ${percent} %`,
    working: (filename: string) =>
      `Importing ${filename}. A large file takes minutes.`,
    progress: "Progress of the import",
    done: "The import is done.",
    kinds: {
      conversations: ["chat", "chats"],
      messages: ["message", "messages"],
      documents: ["document", "documents"],
      collections: ["collection", "collections"],
    } as const,
    imported: (parts: readonly string[]) =>
      parts.length === 0
        ? "Nothing new was in it."
        : `Imported: ${new Intl.ListFormat("en").format([...parts])}.`,
    skipped: (parts: readonly string[]) =>
      `Here already, or left out: ${new Intl.ListFormat("en").format([...parts])}.`,
    count: (count: number, [one, many]: readonly [string, string]) =>
      `${count} ${count === 1 ? one : many}`,
    problems: (count: number) =>
      count === 1 ? "1 thing was not taken in:" : `${count} things were not taken in:`,
  },

  viewer: {
    title: "Document viewer",
    close: "Close the viewer",
    page: "Page",
    ofPages: (count: number) => `of ${count}`,
    zoomIn: "Zoom in",
    zoomOut: "Zoom out",
    fitWidth: "Fit width",
    zoomLevel: (percent: number) => `${percent} %`,
    previousCitation: "Previous citation",
    nextCitation: "Next citation",
    citationOf: (index: number, count: number) => `Citation ${index} of ${count}`,
    loading: "Opening the document…",
    failed: "The document could not be opened.",
    gone: "This document has been deleted. The answer quoted this passage:",
    emptyPage: "No text on this page.",
    recognised: "Text recognised in a picture",
    pageLabel: (page: number) => `Page ${page}`,
    noHighlights: "The exact place of this passage is not known; this is its page.",
    notReadYet: "The text of this document has not been read yet.",
  },

  models: {
    quotes: "Quotes only",
    notReady: "Not ready",
    list: "Models",
    filter: "Filter models",
    noMatch: "No model matches.",
    providers: {
      builtin: "Built in",
      openai: "OpenAI",
      anthropic: "Anthropic",
      google: "Google",
      grok: "xAI Grok",
      ollama: "Ollama",
      custom: "Compatible server",
    },
  },

  settings: {
    title: "Settings",
    sections: {
      models: "Language models",
      prompts: "Prompts",
      usage: "Usage",
      appearance: "Appearance",
      memory: "Memory",
      data: "Your data",
      account: "Account",
      invites: "Invites",
    },
    providers: "Providers",
    providersHint:
      "Keys are stored encrypted on this server and used only to ask the provider you choose. Questions and passages you ask about are then sent to it.",
    connected: "Connected",
    notConnected: "Not connected",
    foundHere: "Found on this computer",
    modelCount: (count: number) => (count === 1 ? "1 model" : `${count} models`),
    testAndSave: "Test and save",
    testing: "Testing…",
    connect: "Connect",
    change: "Change",
    disconnect: "Disconnect",
    disconnectTitle: (provider: string) => `Disconnect ${provider}?`,
    disconnectText: "The stored key is deleted. Chats stay as they are.",
    key: "API key",
    keyOptional: "API key (if the server asks for one)",
    keyKept: "Leave empty to keep the stored key.",
    keyEnding: (hint: string) => `Key ${hint}`,
    baseUrl: "Base URL",
    otherAddress: "Use another address",
    otherAddressHint: "Only for a proxy or a gateway. Empty: the provider's own address.",
    baseUrlHints: {
      ollama: "For example http://127.0.0.1:11434/v1",
      custom: "Any OpenAI-compatible address, for example http://127.0.0.1:8080/v1",
    },
    saved: (provider: string) => `${provider} is connected.`,
    disconnected: (provider: string) => `${provider} was disconnected.`,
    models: "Models",
    modelReady: "Ready",
    contextTokens: (count: string) => `${count} tokens of context`,
    theme: "Theme",
    themes: { system: "System", light: "Light", dark: "Dark" },
    password: "Password",
    currentPassword: "Current password",
    newPassword: "New password",
    changePassword: "Change password",
    passwordChanged: "The password was changed. Other sessions were logged out.",
    sessions: "Sessions",
    sessionsHint: "Where you are logged in.",
    thisSession: "This session",
    unknownDevice: "Unknown device",
    sessionSince: (date: string) => `Since ${date}`,
    revoke: "Log out",
    revokeSession: (device: string) => `Log out ${device}`,
    revoked: "The session was logged out.",
    invitesHint: "An invite lets one person create an account on this installation.",
    createInvite: "Create an invite",
    inviteLink: "Invite link",
    inviteExpires: (date: string) => `Works once, until ${date}. It is shown only now.`,
  },
} as const;
