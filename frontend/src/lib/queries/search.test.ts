import { expect, it } from "vitest";
import { NO_FILTERS, searchPath } from "./search";

const paramsOf = (path: string) =>
  Object.fromEntries(new URL(path, "http://localhost").searchParams);

it("asks for everything when nothing is filtered", () => {
  expect(paramsOf(searchPath("a & b", NO_FILTERS))).toEqual({
    q: "a & b",
    kind: "all",
    limit: "40",
  });
});

it("asks for messages alone when a filter is about messages, the last day included", () => {
  const filters = { ...NO_FILTERS, role: "user", from: "2026-11-01", until: "2026-11-30" } as const;
  const params = paramsOf(searchPath("budget", filters));
  expect(params).toMatchObject({ kind: "messages", role: "user" });
  expect(new Date(params.since ?? "")).toEqual(new Date(2026, 10, 1));
  expect(new Date(params.until ?? "")).toEqual(new Date(2026, 11, 1));
});
