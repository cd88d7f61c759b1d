/** A stretch of one page's extracted text, in code points. */
export type Passage = { page: number; start: number; end: number };

/** Name, in the address, the document that is open in the viewer, and a passage of it. */
export const DOCUMENT = "doc";
export const PASSAGE = ["page", "start", "end"] as const;

/** Opens a document beside what is open already. */
export function passagePath(documentId: string, passage: Passage): string {
  return `?${new URLSearchParams(passageParams(documentId, passage)).toString()}`;
}

export function passageParams(documentId: string, passage?: Passage): Record<string, string> {
  return {
    [DOCUMENT]: documentId,
    ...(passage && Object.fromEntries(PASSAGE.map((name) => [name, String(passage[name])]))),
  };
}
