import type { Passage } from "@/lib/passage-path";

/** What the viewer shows. */
export type ViewerTarget = {
  /** Null when the cited document has been deleted. */
  documentId: string | null;
  filename: string;
  /** Where to open it. */
  page: number;
  /** Marked in the document; several when a citation spans pages. */
  passages: readonly Passage[];
  /** The citation being looked at, and its place among those of its message. */
  citation: { quote: string; position: number; count: number } | null;
};

/** Changes whenever there is something new to scroll to. */
export function targetKey({ documentId, page, passages }: ViewerTarget): string {
  return JSON.stringify([documentId, page, passages]);
}
