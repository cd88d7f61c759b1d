import { describe, expect, it } from "vitest";
import type { MessageError } from "@/types/api";
import { problemActions, secondsToWait } from "./problem-actions";

const anError = (code: string, details: MessageError["details"] = null): MessageError => ({
  code,
  message: "No.",
  details,
});

describe("the actions offered after an error", () => {
  it("lead to the settings when the key is what is wrong", () => {
    expect(problemActions(anError("provider_auth"))[0]).toBe("settings");
    expect(problemActions(anError("api_key_missing"))[0]).toBe("settings");
  });

  it("begin a new chat when this one is too long", () => {
    expect(problemActions(anError("context_too_long"))[0]).toBe("new-chat");
  });

  it("try again when nothing better is known", () => {
    expect(problemActions(anError("internal_error"))).toEqual(["retry"]);
    expect(problemActions(null)).toEqual(["retry"]);
  });
});

describe("the wait a provider asks for", () => {
  const startedAt = "2026-11-22T10:00:00+00:00";
  const start = Date.parse(startedAt);
  const limited = anError("provider_rate_limited", { retry_after_s: 7 });

  it("counts down from the start of the answer", () => {
    expect(secondsToWait(limited, startedAt, start)).toBe(7);
    expect(secondsToWait(limited, startedAt, start + 2_500)).toBe(5);
    expect(secondsToWait(limited, startedAt, start + 60_000)).toBe(0);
  });

  it("is never longer than asked for, however wrong a clock is", () => {
    expect(secondsToWait(limited, startedAt, start - 3_600_000)).toBe(7);
  });

  it("is nothing where none was asked for", () => {
    expect(secondsToWait(anError("provider_error"), startedAt, start)).toBe(0);
    expect(secondsToWait(null, startedAt, start)).toBe(0);
  });
});
