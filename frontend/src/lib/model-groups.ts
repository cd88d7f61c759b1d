import type { Model } from "@/types/api";
import { modelLabel, providerLabel } from "./format";

/** From so many models on, a list of them can be filtered. */
export const FILTER_MODELS_FROM = 8;

export type ModelGroup = { provider: string; models: readonly Model[] };

/**
 * The models whose name or provider contains every word of the filter, by provider; providers
 * that cannot be asked now come last.
 */
export function modelGroups(models: readonly Model[], filter: string): ModelGroup[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const groups = new Map<string, Model[]>();
  for (const model of models) {
    const searched = `${providerLabel(model.provider)} ${modelLabel(model.id)}`.toLowerCase();
    if (!words.every((word) => searched.includes(word))) continue;
    const group = groups.get(model.provider);
    if (group) group.push(model);
    else groups.set(model.provider, [model]);
  }
  const listed = [...groups].map(([provider, members]) => ({ provider, models: members }));
  const canBeAsked = (group: ModelGroup) => group.models.some(({ ready }) => ready);
  return [...listed.filter(canBeAsked), ...listed.filter((group) => !canBeAsked(group))];
}
