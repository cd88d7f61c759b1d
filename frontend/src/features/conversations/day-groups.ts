import { strings } from "@/lib/strings";
import type { Conversation } from "@/types/api";

export type DayGroup = { label: string; conversations: Conversation[] };

const DAY_MS = 86_400_000;

/** Conversations under today, yesterday, the last week, the last month and then each month. */
export function groupByDay(conversations: readonly Conversation[], now: Date): DayGroup[] {
  const newestFirst = [...conversations].sort(
    (a, b) => Date.parse(b.updated_at) - Date.parse(a.updated_at),
  );
  const groups = new Map<string, Conversation[]>();
  for (const conversation of newestFirst) {
    const label = dayLabel(new Date(conversation.updated_at), now);
    const group = groups.get(label);
    if (group) group.push(conversation);
    else groups.set(label, [conversation]);
  }
  return [...groups].map(([label, members]) => ({ label, conversations: members }));
}

function dayLabel(date: Date, now: Date): string {
  const daysAgo = Math.round((startOfDay(now) - startOfDay(date)) / DAY_MS);
  if (daysAgo <= 0) return strings.conversations.today;
  if (daysAgo === 1) return strings.conversations.yesterday;
  if (daysAgo <= 7) return strings.conversations.thisWeek;
  if (daysAgo <= 30) return strings.conversations.thisMonth;
  return new Intl.DateTimeFormat("en", { month: "long", year: "numeric" }).format(date);
}

/** In the reader's own time zone. */
function startOfDay(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
