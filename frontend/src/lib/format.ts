import { strings } from "./strings";

const LOCALE = "en";

export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ${units[unit] ?? ""}`;
}

export function formatDate(iso: string): string {
  return new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium" }).format(new Date(iso));
}

export function formatDateTime(iso: string): string {
  return new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "short" }).format(
    new Date(iso),
  );
}

/** "openai:gpt-5" → "gpt-5"; the built-in answerer has a proper name. */
export function modelLabel(modelId: string): string {
  if (modelId === "builtin:quotes") return strings.models.quotes;
  return modelId.slice(modelId.indexOf(":") + 1);
}

/** "openai:gpt-5" → "openai" */
export function providerOf(modelId: string): string {
  return modelId.slice(0, modelId.indexOf(":"));
}

export function formatCount(count: number): string {
  return count.toLocaleString(LOCALE);
}

export function providerLabel(provider: string): string {
  const names: Record<string, string> = strings.models.providers;
  return names[provider] ?? provider;
}
