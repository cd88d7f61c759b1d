const segmenter = new Intl.Segmenter("en", { granularity: "sentence" });

/**
 * What a screen reader should hear next of a text that is still growing: the sentences that are
 * finished and lie after `from` (a UTF-16 index), and the index to continue at.
 */
export function finishedSentences(text: string, from: number): { sentences: string; next: number } {
  const segments = [...segmenter.segment(text.slice(from))];
  segments.pop(); // It may still be growing.
  const spoken = segments.map(({ segment }) => segment).join("");
  return { sentences: plainText(spoken), next: from + spoken.length };
}

/** Markdown's marks and citation numbers are noise when read aloud. */
function plainText(markdown: string): string {
  return markdown
    .replace(/\s*\[\d{1,3}\]/g, "")
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/^[>#\s]+|^\s*[-*+]\s+|[*_`~|]/gm, "")
    .replace(/\s+/g, " ")
    .trim();
}
