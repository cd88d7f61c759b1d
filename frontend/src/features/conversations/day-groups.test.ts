import { describe, expect, it } from "vitest";
import { aConversation } from "@/testing/factories";
import { groupByDay } from "./day-groups";

const now = new Date(2026, 10, 22, 9, 0);

function daysAgo(days: number, hour = 12) {
  const date = new Date(2026, 10, 22 - days, hour);
  return aConversation({ id: `${days}d`, updated_at: date.toISOString() });
}

describe("grouping chats by day", () => {
  it("puts each under its day, newest first", () => {
    const groups = groupByDay(
      [daysAgo(60), daysAgo(1, 23), daysAgo(0, 1), daysAgo(7), daysAgo(20)],
      now,
    );
    expect(groups.map(({ label, conversations }) => [label, conversations[0]?.id])).toEqual([
      ["Today", "0d"],
      ["Yesterday", "1d"],
      ["Previous 7 days", "7d"],
      ["Previous 30 days", "20d"],
      ["September 2026", "60d"],
    ]);
  });

  it("treats a clock that is ahead as today", () => {
    expect(groupByDay([daysAgo(-1)], now)[0]?.label).toBe("Today");
  });
});
