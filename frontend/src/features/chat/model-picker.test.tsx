import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { strings } from "@/lib/strings";
import { renderInApp } from "@/testing/render";
import type { Model } from "@/types/api";
import { ModelPicker } from "./model-picker";

function aModel(id: string, fields: Partial<Model> = {}): Model {
  const provider = id.split(":")[0] ?? "";
  return { id, provider, name: id, context_tokens: null, ready: true, reason: null, ...fields };
}

const few = [
  aModel("builtin:quotes"),
  aModel("openai:", { ready: false, reason: "Add a key." }),
  aModel("ollama:small"),
];
const many = [...few, ...Array.from({ length: 9 }, (_, n) => aModel(`custom:model-${n}`))];

function renderPicker(models: readonly Model[]) {
  const onChoose = vi.fn();
  renderInApp(<ModelPicker models={models} value="builtin:quotes" onChoose={onChoose} />);
  return onChoose;
}

describe("the list of models", () => {
  it("is walked by arrow keys past what is not ready, which says why", async () => {
    const onChoose = renderPicker(few);
    screen.getByRole("listbox", { name: strings.models.list }).focus();
    await userEvent.keyboard("{ArrowDown}{Enter}");
    expect(onChoose).toHaveBeenCalledExactlyOnceWith("ollama:small");
    const notReady = screen.getByRole("option", { name: /Add a key/ });
    expect(notReady).toHaveAttribute("aria-disabled", "true");
    await userEvent.click(notReady);
    expect(onChoose).toHaveBeenCalledOnce();
  });

  it("is filtered where it is long, with the focus in the filter", async () => {
    const onChoose = renderPicker(many);
    const filter = screen.getByRole("combobox", { name: strings.models.filter });
    expect(filter).toHaveFocus();
    await userEvent.keyboard("model-7");
    const option = screen.getByRole("option");
    expect(filter).toHaveAttribute("aria-activedescendant", option.id);
    await userEvent.keyboard("{Enter}");
    expect(onChoose).toHaveBeenCalledExactlyOnceWith("custom:model-7");
    await userEvent.keyboard("nothing");
    expect(screen.getByText(strings.models.noMatch)).toBeInTheDocument();
  });
});
