/** Of the settings, and of what leaves and comes in. */
export const settingsStrings = {
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
} as const;
