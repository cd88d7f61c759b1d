import type { MessageError } from "@/types/api";

/** What may help after an error, the most promising first. */
export type ProblemAction = "retry" | "other-model" | "settings" | "new-chat";

const ACTIONS: Partial<Record<string, readonly ProblemAction[]>> = {
  api_key_missing: ["settings", "other-model"],
  provider_auth: ["settings", "other-model"],
  provider_no_credit: ["other-model", "retry"],
  provider_rate_limited: ["retry", "other-model"],
  provider_overloaded: ["retry", "other-model"],
  context_too_long: ["new-chat", "other-model"],
  content_filtered: ["other-model", "retry"],
  unknown_model: ["other-model", "settings"],
  provider_unreachable: ["retry", "settings", "other-model"],
  provider_timeout: ["retry", "other-model"],
  provider_error: ["retry", "other-model"],
};

export function problemActions(error: MessageError | null): readonly ProblemAction[] {
  return ACTIONS[error?.code ?? ""] ?? ["retry"];
}

/** How many seconds the provider still wants to be left alone; the answer began at `startedAt`. */
export function secondsToWait(error: MessageError | null, startedAt: string, now: number): number {
  const asked = error?.details?.retry_after_s;
  if (typeof asked !== "number") return 0;
  const left = Math.ceil(asked - (now - Date.parse(startedAt)) / 1000);
  // The clocks of server and browser may differ.
  return Math.min(Math.max(left, 0), asked);
}
