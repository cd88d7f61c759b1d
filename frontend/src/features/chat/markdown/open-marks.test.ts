import { describe, expect, it } from "vitest";
import { closeOpenMarks } from "./open-marks";

describe("closing what a growing text left open", () => {
  it.each([
    ["bold", "so **very bo", "so **very bo**"],
    ["bold about to close", "so **bold*", "so **bold**"],
    ["a mark that has just begun", "so **", "so "],
    ["inline code", "call `f(x", "call `f(x`"],
    ["half a citation", "rose [1", "rose "],
    ["a bracket that has just begun", "rose [", "rose "],
    ["half a link", "see [the site](https://exa", "see the site"],
    ["finished marks", "a **b** `c` [1] [d](https://e.org)", "a **b** `c` [1] [d](https://e.org)"],
    ["only the last block", "a ** b\n\nfine", "a ** b\n\nfine"],
    ["nothing inside a code block", "```\na ** b [1", "```\na ** b [1"],
    ["text after a closed code block", "```\nx\n```\n\n**y", "```\nx\n```\n\n**y**"],
  ])("%s", (_, text, expected) => {
    expect(closeOpenMarks(text)).toBe(expected);
  });
});
