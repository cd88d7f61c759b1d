import { act, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { strings } from "@/lib/strings";
import { renderInApp } from "@/testing/render";
import { Composer } from "./composer";

type Props = Partial<Parameters<typeof Composer>[0]>;

function renderComposer(props: Props = {}) {
  const onSend = vi.fn(() => true);
  const view = renderInApp(
    <Composer draftKey="draft:c1" onSend={onSend} onStop={null} toolbar={null} {...props} />,
  );
  return { onSend, ...view };
}

const field = () => screen.getByRole("textbox", { name: strings.chat.composerLabel });
const sendButton = () => screen.getByRole("button", { name: strings.chat.send });

describe("the composer", () => {
  it("sends on Enter, without the white space around, and empties itself", async () => {
    const { onSend } = renderComposer();
    await userEvent.type(field(), "  How much?  {Enter}");
    expect(onSend).toHaveBeenCalledExactlyOnceWith("How much?");
    expect(field()).toHaveValue("");
  });

  it("breaks the line on Shift+Enter", async () => {
    const { onSend } = renderComposer();
    await userEvent.type(field(), "one{Shift>}{Enter}{/Shift}two");
    expect(onSend).not.toHaveBeenCalled();
    expect(field()).toHaveValue("one\ntwo");
  });

  it("leaves Enter to an input method that is composing", async () => {
    const { onSend } = renderComposer();
    await userEvent.type(field(), "にほん");
    field().dispatchEvent(
      new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true }),
    );
    expect(onSend).not.toHaveBeenCalled();
  });

  it("does not send nothing", async () => {
    const { onSend } = renderComposer();
    expect(sendButton()).toBeDisabled();
    await userEvent.type(field(), "   {Enter}");
    expect(onSend).not.toHaveBeenCalled();
  });

  it("keeps the text when it could not be taken", async () => {
    renderComposer({ onSend: () => Promise.resolve(false) });
    await userEvent.type(field(), "Hello{Enter}");
    expect(field()).toHaveValue("Hello");
  });

  it("keeps a draft for each conversation over reloads", async () => {
    const first = renderComposer({ draftKey: "draft:c1" });
    await userEvent.type(field(), "unfinished");
    first.unmount();

    const other = renderComposer({ draftKey: "draft:c2" });
    expect(field()).toHaveValue("");
    other.unmount();

    renderComposer({ draftKey: "draft:c1" });
    expect(field()).toHaveValue("unfinished");
  });

  it("lets go of a draft that another tab has sent, but not of one written since", async () => {
    renderComposer({ draftKey: "draft:c1" });
    const sentElsewhere = () =>
      act(() => {
        window.dispatchEvent(
          new StorageEvent("storage", {
            key: "docchat:draft:c1",
            oldValue: "question",
            newValue: null,
          }),
        );
      });
    await userEvent.type(field(), "question");
    sentElsewhere();
    expect(field()).toHaveValue("");
    await userEvent.type(field(), "another");
    sentElsewhere();
    expect(field()).toHaveValue("another");
  });

  it("offers to stop instead of sending while an answer is written, but lets one type on", async () => {
    const onStop = vi.fn();
    const { onSend } = renderComposer({ onStop });
    await userEvent.type(field(), "next question{Enter}");
    expect(onSend).not.toHaveBeenCalled();
    expect(field()).toHaveValue("next question");
    await userEvent.click(screen.getByRole("button", { name: strings.chat.stop }));
    expect(onStop).toHaveBeenCalledOnce();
  });

  it("waits while an earlier message is on its way", async () => {
    const { onSend } = renderComposer({ blocked: true });
    await userEvent.type(field(), "next{Enter}");
    expect(onSend).not.toHaveBeenCalled();
    expect(sendButton()).toBeDisabled();
  });
});
