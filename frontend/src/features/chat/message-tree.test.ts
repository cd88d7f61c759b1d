import { describe, expect, it } from "vitest";
import { aMessage } from "@/testing/factories";
import type { Message } from "@/types/api";
import {
  chooseBranch,
  chooseBranchesTo,
  forgetChoice,
  isOlderBranch,
  visiblePath,
} from "./message-tree";

function message(id: string, parent: string | null, minute: number): Message {
  const created_at = `2026-11-22T10:${String(minute).padStart(2, "0")}:00+00:00`;
  return aMessage({ id, parent_id: parent, created_at });
}

// q1 ─ a1 ─ q2 ─ a2
//    └ a1b (answered again) ─ q3 ─ a3
// q1b (edited) ─ a4
const q1 = message("q1", null, 1);
const a1 = message("a1", "q1", 2);
const q2 = message("q2", "a1", 3);
const a2 = message("a2", "q2", 4);
const a1b = message("a1b", "q1", 5);
const q3 = message("q3", "a1b", 6);
const a3 = message("a3", "q3", 7);
const q1b = message("q1b", null, 8);
const a4 = message("a4", "q1b", 9);
const tree = [a4, q1b, a3, q3, a1b, a2, q2, a1, q1];

function ids(messages: readonly Message[], choices = {}): string[] {
  return visiblePath(messages, choices).map(({ message: { id } }) => id);
}

describe("the tree of messages", () => {
  it("shows the newest branch, whatever the order on the wire", () => {
    expect(ids(tree)).toEqual(["q1b", "a4"]);
    expect(ids([...tree].reverse())).toEqual(["q1b", "a4"]);
  });

  it("follows a chosen branch and from there the newest again", () => {
    const choices = chooseBranch({}, q1);
    expect(ids(tree, choices)).toEqual(["q1", "a1b", "q3", "a3"]);
    expect(ids(tree, chooseBranch(choices, a1))).toEqual(["q1", "a1", "q2", "a2"]);
  });

  it("shows where the talk went on, also when that was on an older branch", () => {
    const q4 = message("q4", "a2", 10);
    const a5 = message("a5", "q4", 11);
    expect(ids([...tree, q4, a5])).toEqual(["q1", "a1", "q2", "a2", "q4", "a5"]);
    expect(isOlderBranch([...tree, q4, a5], "a5")).toBe(false);
    expect(isOlderBranch([...tree, q4, a5], "a4")).toBe(true);
  });

  it("tells the versions at each fork in the order they were written", () => {
    const path = visiblePath(tree, chooseBranch({}, q1));
    expect(path[0]?.siblings.map(({ id }) => id)).toEqual(["q1", "q1b"]);
    expect(path[1]?.siblings.map(({ id }) => id)).toEqual(["a1", "a1b"]);
    expect(path[2]?.siblings.map(({ id }) => id)).toEqual(["q3"]);
  });

  it("shows the branch in which a message is, and all as before for an unknown one", () => {
    expect(ids(tree, chooseBranchesTo({}, tree, "q2"))).toEqual(["q1", "a1", "q2", "a2"]);
    const below = chooseBranchesTo(chooseBranch({}, q1), tree, "a4");
    expect(ids(tree, below)).toEqual(["q1b", "a4"]);
    expect(chooseBranchesTo({}, tree, "gone")).toEqual({});
  });

  it("forgets a choice so that a new version is shown", () => {
    const choices = chooseBranch(chooseBranch({}, q1), a1);
    const again = message("a1c", "q1", 12);
    expect(ids([...tree, again], choices)).toContain("a2");
    expect(ids([...tree, again], forgetChoice(choices, a1))).toEqual(["q1", "a1c"]);
  });

  it("knows when the shown end is not where the server would go on", () => {
    expect(isOlderBranch(tree, "a4")).toBe(false);
    expect(isOlderBranch(tree, "a2")).toBe(true);
    expect(isOlderBranch([], null)).toBe(false);
  });

  it("ignores a choice that is gone and shows messages whose parent is missing", () => {
    expect(ids([q1, a1], { q1: "deleted" })).toEqual(["q1", "a1"]);
    expect(ids([message("x", "missing", 1)])).toEqual(["x"]);
  });
});
