import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { queryKeys } from "@/lib/queries/keys";
import { strings } from "@/lib/strings";
import { aMessage } from "@/testing/factories";
import { renderInApp, testQueryClient } from "@/testing/render";
import type { Message } from "@/types/api";
import { NotRemembered } from "./not-remembered";

function renderMark(
  fields: Partial<Message>,
  { conversationRemembered = true, memoryHere = true } = {},
) {
  const queryClient = testQueryClient();
  queryClient.setQueryData(queryKeys.config, { memory_enabled: memoryHere });
  queryClient.setQueryData(queryKeys.preferences, { memory_enabled: true });
  renderInApp(
    <NotRemembered
      message={aMessage({ role: "user", model: null, ...fields })}
      conversationRemembered={conversationRemembered}
    />,
    queryClient,
  );
}

const mark = () => screen.queryByRole("button", { name: strings.chat.notRemembered });

it("marks a message that is kept out of memory, and says so to everyone who asks", async () => {
  renderMark({ remembered: false });
  await userEvent.tab();
  expect(mark()).toHaveFocus();
  await userEvent.keyboard("{Enter}");
  expect(screen.getByText(strings.chat.notRememberedText)).toBeInTheDocument();
});

it("marks every message of a chat that is", async () => {
  renderMark({ remembered: true }, { conversationRemembered: false });
  const button = mark();
  if (button) await userEvent.click(button);
  expect(screen.getByText(strings.chat.chatNotRememberedText)).toBeInTheDocument();
});

it.each([
  ["a remembered message", { remembered: true }, true],
  ["the built-in quotes", { role: "assistant", model: "builtin:quotes", remembered: false }, true],
  ["a failed answer", { role: "assistant", model: "a:b", status: "failed", remembered: false }, true],
  ["anything where nothing is remembered", { remembered: false }, false],
] satisfies [string, Partial<Message>, boolean][])("does not mark %s", (_what, fields, here) => {
  renderMark(fields, { memoryHere: here });
  expect(mark()).not.toBeInTheDocument();
});
