import { sliceCodePoints } from "@/lib/code-points";

export type Segment = { text: string; marked: boolean };

const MAX_LEAD_CHARS = 48;

type Range = { start: number; end: number };

/** Cuts a text at ranges of code points, which may overlap. */
export function segmentsAt(text: string, ranges: readonly Range[]): Segment[] {
  const segments: Segment[] = [];
  const add = (start: number, end: number | undefined, marked: boolean) => {
    const part = sliceCodePoints(text, start, end);
    if (part !== "") segments.push({ text: part, marked });
  };
  let done = 0;
  for (const { start, end } of [...ranges].sort((a, b) => a.start - b.start)) {
    if (end <= done) continue;
    if (start > done) add(done, start, false);
    add(Math.max(start, done), end, true);
    done = end;
  }
  add(done, undefined, false);
  return segments;
}

/** Leaves out what stands far before the first mark, so that it shows in a few lines. */
export function fromFirstMark(segments: readonly Segment[]): Segment[] {
  const [lead, ...rest] = segments;
  if (!lead || lead.marked || rest.length === 0) return [...segments];
  const kept = lead.text.slice(-MAX_LEAD_CHARS);
  if (kept === lead.text) return [...segments];
  // From a whole word on, where there are spaces.
  const word = kept.search(/(?<=\s)\S/);
  return [{ text: `… ${word < 0 ? kept : kept.slice(word)}`, marked: false }, ...rest];
}

/** Marks the words that begin with a word of the query. */
export function segmentsMatching(text: string, query: string): Segment[] {
  const wanted = wordsOf(query);
  if (wanted.length === 0) return [{ text, marked: false }];
  return text
    .split(/([\p{L}\p{N}]+)/u)
    .filter((part) => part !== "")
    .map((part) => {
      const folded = part.toLowerCase();
      return { text: part, marked: wanted.some((word) => folded.startsWith(word)) };
    });
}

/** Whether each word of the query begins a word of the text. */
export function matchesWords(text: string, query: string): boolean {
  const words = wordsOf(text);
  const wanted = wordsOf(query);
  return (
    wanted.length > 0 && wanted.every((start) => words.some((word) => word.startsWith(start)))
  );
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}
