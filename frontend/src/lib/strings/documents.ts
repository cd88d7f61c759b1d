const ORDINAL_RULES = new Intl.PluralRules("en", { type: "ordinal" });
const ORDINAL_ENDINGS: Partial<Record<Intl.LDMLPluralRule, string>> = {
  one: "st",
  two: "nd",
  few: "rd",
};

function ordinal(number: number): string {
  return `${number}${ORDINAL_ENDINGS[ORDINAL_RULES.select(number)] ?? "th"}`;
}

/** Of documents, their collections and the viewer. */
export const documentStrings = {
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
} as const;
