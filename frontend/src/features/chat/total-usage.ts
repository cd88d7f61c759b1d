import type { Message, TokenCounts } from "@/types/api";

/** What all answers of a chat have taken together, as far as the providers counted. */
export function totalUsage(messages: readonly Message[]): TokenCounts {
  const sum = (field: keyof TokenCounts) =>
    messages.reduce((total, { usage }) => total + (usage?.[field] ?? 0), 0);
  return { input_tokens: sum("input_tokens"), output_tokens: sum("output_tokens") };
}
