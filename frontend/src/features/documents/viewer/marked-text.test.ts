import { describe, expect, it } from "vitest";
import { markedSegments } from "./marked-text";

const marked = (text: string, ...ranges: [number, number][]) =>
  markedSegments(
    text,
    ranges.map(([start, end]) => ({ start, end })),
  )
    .map((segment) => (segment.marked ? `<${segment.text}>` : segment.text))
    .join("");

describe("marking a passage", () => {
  it("counts offsets in code points", () => {
    expect(marked("🎉 One. 🚚 Two. Three.", [7, 13])).toBe("🎉 One. <🚚 Two.> Three.");
  });

  it("marks several passages in whatever order they come", () => {
    expect(marked("one two three", [8, 13], [0, 3])).toBe("<one> two <three>");
  });

  it("joins passages that overlap and ignores empty ones", () => {
    expect(marked("abcdef", [1, 4], [2, 5], [3, 3])).toBe("a<bcd><e>f");
  });

  it("keeps every character, also of ranges past the end", () => {
    expect(marked("abc", [2, 99])).toBe("ab<c>");
    expect(marked("abc")).toBe("abc");
    expect(markedSegments("", [{ start: 0, end: 3 }])).toEqual([]);
  });
});
