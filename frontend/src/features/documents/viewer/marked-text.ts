import { utf16Index } from "@/lib/code-points";

export type Segment = { text: string; marked: boolean };

/** Cuts a page's text into marked and unmarked stretches; ranges are in code points and may overlap. */
export function markedSegments(
  text: string,
  ranges: readonly { start: number; end: number }[],
): Segment[] {
  const inOrder = [...ranges].sort((a, b) => a.start - b.start);
  const segments: Segment[] = [];
  let position = 0;
  for (const range of inOrder) {
    const start = Math.max(position, utf16Index(text, range.start));
    const end = utf16Index(text, range.end);
    if (end <= start) continue;
    if (start > position) segments.push({ text: text.slice(position, start), marked: false });
    segments.push({ text: text.slice(start, end), marked: true });
    position = end;
  }
  if (position < text.length) segments.push({ text: text.slice(position), marked: false });
  return segments;
}
