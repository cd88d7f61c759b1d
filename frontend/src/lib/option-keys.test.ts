import { describe, expect, it } from "vitest";
import { nextOption } from "./option-keys";

describe("the keys of a list box", () => {
  it("move one on and wrap at the ends", () => {
    expect(nextOption("ArrowDown", 0, 3)).toBe(1);
    expect(nextOption("ArrowDown", 2, 3)).toBe(0);
    expect(nextOption("ArrowUp", 0, 3)).toBe(2);
    expect(nextOption("ArrowUp", -1, 3)).toBe(2);
    expect(nextOption("ArrowDown", -1, 3)).toBe(0);
  });

  it("jump to the ends", () => {
    expect(nextOption("Home", 2, 3)).toBe(0);
    expect(nextOption("End", 0, 3)).toBe(2);
  });

  it("are no others, and lead nowhere in an empty list", () => {
    expect(nextOption("a", 0, 3)).toBeNull();
    expect(nextOption("ArrowDown", -1, 0)).toBeNull();
  });
});
