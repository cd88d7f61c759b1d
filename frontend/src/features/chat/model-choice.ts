import { readStored, writeStored } from "@/lib/browser-storage";
import { BUILT_IN_MODEL, useModels } from "@/lib/queries/models";
import { createStore, useStore } from "@/lib/store";
import type { Model } from "@/types/api";

const KEY = "model";

const chosenModel = createStore<string | null>(readStored(KEY));

export function chooseModel(modelId: string): void {
  writeStored(KEY, modelId);
  chosenModel.set(modelId);
}

/** The model the next message is answered by: the chosen one while it is ready. */
export function useModelChoice(): { modelId: string; models: Model[]; onlyQuotes: boolean } {
  const models = useModels().data ?? [];
  const chosen = useStore(chosenModel);
  return {
    modelId: resolveModel(models, chosen),
    models,
    onlyQuotes:
      models.length > 0 && !models.some(({ id, ready }) => ready && id !== BUILT_IN_MODEL),
  };
}

export function resolveModel(models: readonly Model[], chosen: string | null): string {
  const ready = models.filter((model) => model.ready);
  const best =
    ready.find(({ id }) => id === chosen) ??
    ready.find(({ id }) => id !== BUILT_IN_MODEL) ??
    ready.find(({ id }) => id === BUILT_IN_MODEL);
  return best?.id ?? BUILT_IN_MODEL;
}
