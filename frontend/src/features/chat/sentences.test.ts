import { describe, expect, it } from "vitest";
import { finishedSentences } from "./sentences";

describe("sentences to announce", () => {
  it("waits until a sentence is finished", () => {
    expect(finishedSentences("Revenue rose by", 0)).toEqual({ sentences: "", next: 0 });
  });

  it("goes on where it stopped", () => {
    const first = finishedSentences("Revenue rose. Staff fe", 0);
    expect(first.sentences).toBe("Revenue rose.");
    const second = finishedSentences("Revenue rose. Staff fell. And", first.next);
    expect(second.sentences).toBe("Staff fell.");
  });

  it("leaves out Markdown marks and citation numbers", () => {
    expect(
      finishedSentences("**Revenue** rose [1], see [here](https://x.org). N", 0).sentences,
    ).toBe("Revenue rose, see here.");
  });
});
