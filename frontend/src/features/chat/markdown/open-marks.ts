/**
 * Closes what a text that is still growing has left open in its last block, so that half-written
 * marks do not flash as asterisks and brackets before the rest arrives.
 */
export function closeOpenMarks(markdown: string): string {
  if (isInsideFence(markdown)) return markdown;
  const blockStart = markdown.lastIndexOf("\n\n") + 1;
  const before = markdown.slice(0, blockStart);
  let block = markdown.slice(blockStart);

  block = block.replace(/!?\[[^\]]*\]\([^)\s]*$/, (link) =>
    link.slice(0, link.indexOf("](")).replace(/^!?\[/, ""),
  );
  block = block.replace(/\[[\d, ]{0,12}$/, "");
  block = block.replace(/(^|\s)[*_]{1,3}$/, "$1");

  const outsideCode = block.replace(/`[^`\n]*`/g, "");
  if (outsideCode.includes("`")) return `${before}${block}\``;
  const bold = outsideCode.split("**").length - 1;
  if (bold % 2 === 1) return `${before}${block.replace(/\*$/, "")}**`;
  return before + block;
}

function isInsideFence(markdown: string): boolean {
  let fence: string | null = null;
  for (const line of markdown.split("\n")) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (mark === undefined) continue;
    if (fence === null) fence = mark;
    else if (mark.startsWith(fence)) fence = null;
  }
  return fence !== null;
}
