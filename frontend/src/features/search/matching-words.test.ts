import { describe, expect, it } from "vitest";
import { fromFirstMark, matchesWords, segmentsAt, segmentsMatching } from "./matching-words";

const marked = (segments: { text: string; marked: boolean }[]) =>
  segments.map(({ text, marked: isMarked }) => (isMarked ? `[${text}]` : text)).join("");

describe("words that match a search", () => {
  it("are cut out by code points, also where ranges overlap or come in another order", () => {
    const text = "🗼 tower and tower";
    expect(marked(segmentsAt(text, [{ start: 12, end: 17 }, { start: 2, end: 7 }]))).toBe(
      "🗼 [tower] and [tower]",
    );
    expect(marked(segmentsAt("abcdef", [{ start: 1, end: 4 }, { start: 2, end: 5 }]))).toBe(
      "a[bcd][e]f",
    );
    expect(segmentsAt("plain", [])).toEqual([{ text: "plain", marked: false }]);
  });

  it("are found by their beginning, in any case and script", () => {
    expect(marked(segmentsMatching("The Lighthouse (light) delight", "light"))).toBe(
      "The [Lighthouse] ([light]) delight",
    );
    expect(marked(segmentsMatching("Ålesund, 灯台", "ålesund 灯"))).toBe("[Ålesund], [灯台]");
    expect(marked(segmentsMatching("C++ (a)", "++"))).toBe("C++ (a)");
  });

  it("are brought into view by leaving out what stands far before them", () => {
    const text = `${"A word and another. ".repeat(6)}Then the light.`;
    const at = text.indexOf("light");
    expect(marked(fromFirstMark(segmentsAt(text, [{ start: at, end: at + 5 }])))).toBe(
      "… word and another. A word and another. Then the [light].",
    );
    expect(marked(fromFirstMark(segmentsAt("Near the light.", [{ start: 9, end: 14 }])))).toBe(
      "Near the [light].",
    );
    expect(marked(fromFirstMark(segmentsAt(text, [])))).toBe(text);
  });

  it("must all be in a title for it to match", () => {
    expect(matchesWords("Lighthouse of Brevik", "bre light")).toBe(true);
    expect(matchesWords("Lighthouse of Brevik", "light oslo")).toBe(false);
    expect(matchesWords("Lighthouse of Brevik", "++")).toBe(false);
  });
});
