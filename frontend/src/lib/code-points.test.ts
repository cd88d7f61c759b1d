import { describe, expect, it } from "vitest";
import { codePointLength, sliceCodePoints, utf16Index } from "./code-points";

const TEXTS = [
  "",
  "plain",
  "a🎉b",
  "🎉",
  "𝒳𝒴𝒵",
  "数学 𝒳 = 🌕",
  "👩‍🚀 family 👨‍👩‍👧",
  "lone \ud83c end",
  "\udf89 start",
];

describe("code points", () => {
  it.each(TEXTS)("counts like the server: %j", (text) => {
    expect(codePointLength(text)).toBe(Array.from(text).length);
  });

  it.each(TEXTS)("cuts between characters, never inside one: %j", (text) => {
    const points = Array.from(text);
    for (let start = 0; start <= points.length; start++) {
      expect(sliceCodePoints(text, start)).toBe(points.slice(start).join(""));
      for (let end = start; end <= points.length; end++) {
        expect(sliceCodePoints(text, start, end)).toBe(points.slice(start, end).join(""));
      }
    }
  });

  it("finds the UTF-16 index of a code point", () => {
    expect(utf16Index("a🎉b", 0)).toBe(0);
    expect(utf16Index("a🎉b", 1)).toBe(1);
    expect(utf16Index("a🎉b", 2)).toBe(3);
    expect(utf16Index("a🎉b", 99)).toBe(4);
  });
});
