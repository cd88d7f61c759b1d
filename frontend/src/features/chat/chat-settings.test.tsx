import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { strings } from "@/lib/strings";
import { aConversation } from "@/testing/factories";
import { renderInApp } from "@/testing/render";
import { ChatSettings } from "./chat-settings";

const words = strings.chatSettings;

async function openDialog(onSave: () => Promise<boolean>) {
  const settings = aConversation({ system_prompt: "In verse.", temperature: 0 });
  renderInApp(<ChatSettings settings={settings} usage={null} onSave={onSave} />);
  await userEvent.click(screen.getByRole("button", { name: words.open }));
}

describe("the settings of a chat", () => {
  it("are shown as they are; what is emptied becomes the default again", async () => {
    const onSave = vi.fn(() => Promise.resolve(true));
    await openDialog(onSave);
    expect(screen.getByLabelText(words.temperature)).toHaveValue(0);
    await userEvent.clear(screen.getByLabelText(words.systemPrompt));
    await userEvent.type(screen.getByLabelText(words.maxTokens), "300");
    await userEvent.click(screen.getByRole("button", { name: strings.actions.save }));
    expect(onSave).toHaveBeenCalledExactlyOnceWith({
      system_prompt: null,
      temperature: 0,
      max_answer_tokens: 300,
    });
    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
  });

  it("stay open, with what was typed, when they could not be saved", async () => {
    await openDialog(() => Promise.resolve(false));
    await userEvent.type(screen.getByLabelText(words.systemPrompt), " Briefly.");
    await userEvent.click(screen.getByRole("button", { name: strings.actions.save }));
    expect(screen.getByLabelText(words.systemPrompt)).toHaveValue("In verse. Briefly.");
    expect(screen.getByRole("button", { name: strings.actions.save })).toBeEnabled();
  });
});
