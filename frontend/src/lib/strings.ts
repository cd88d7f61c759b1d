import { chatStrings } from "./strings/chat";
import { documentStrings } from "./strings/documents";
import { settingsStrings } from "./strings/settings";

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
    none: (query: string, filtered: boolean) =>
      filtered
        ? `Nothing was found for “${query}” with these filters.`
        : `Nothing was found for “${query}”.`,
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

  ...chatStrings,
  ...documentStrings,
  ...settingsStrings,
} as const;
