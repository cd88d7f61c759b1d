import { describe, expect, it } from "vitest";
import type { Model } from "@/types/api";
import { modelGroups } from "./model-groups";

const aModel = (id: string): Model => ({
  id,
  provider: id.split(":")[0] ?? "",
  name: id,
  context_tokens: null,
  ready: true,
  reason: null,
});

const models = ["builtin:quotes", "ollama:llama3:8b", "openai:gpt-x", "openai:gpt-x-mini"].map(
  aModel,
);

const found = (filter: string) =>
  modelGroups(models, filter).map((group) => [group.provider, group.models.map(({ id }) => id)]);

describe("models by provider", () => {
  it("keeps the server's order", () => {
    expect(found("").map(([provider]) => provider)).toEqual(["builtin", "ollama", "openai"]);
  });

  it("puts providers that cannot be asked last", () => {
    const offline = { ...aModel("grok:"), ready: false, reason: "No key." };
    const groups = modelGroups([offline, ...models], "");
    expect(groups.map(({ provider }) => provider).at(-1)).toBe("grok");
  });

  it("finds every word in the model's or the provider's name", () => {
    expect(found("OPENAI mini")).toEqual([["openai", ["openai:gpt-x-mini"]]]);
    expect(found("8b")).toEqual([["ollama", ["ollama:llama3:8b"]]]);
    expect(found("built quotes")).toEqual([["builtin", ["builtin:quotes"]]]);
  });

  it("finds nothing where nothing matches", () => {
    expect(found("claude")).toEqual([]);
  });
});
