import { describe, expect, it } from "vitest";
import { appendTo, fillTemplate } from "./fill-template";

describe("filling a template", () => {
  it("puts every value in its place, however often and spaced", () => {
    const values = new Map([
      ["language", "Norsk"],
      ["größe", "77 m"],
    ]);
    expect(fillTemplate("In {{language}}, {{ language }}: {{größe}}", values)).toBe(
      "In Norsk, Norsk: 77 m",
    );
  });

  it("leaves what it has no value for, and what is no placeholder", () => {
    const text = "{{other}} {single} {{ }} {{{}}}";
    expect(fillTemplate(text, new Map([["language", "x"]]))).toBe(text);
  });

  it("takes values literally", () => {
    const values = new Map([
      ["a", "$& {{b}}"],
      ["b", "no"],
    ]);
    expect(fillTemplate("{{a}}", values)).toBe("$& {{b}}");
  });

  it("keeps what was written already", () => {
    expect(appendTo("", "Sum up.")).toBe("Sum up.");
    expect(appendTo("Dear all, ", "Sum up.")).toBe("Dear all,\n\nSum up.");
  });
});
