import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { strings } from "@/lib/strings";
import { aMessage } from "@/testing/factories";
import { fakeServer } from "@/testing/fake-server";
import { renderInApp } from "@/testing/render";
import type { Memory } from "@/types/api";
import { RecalledFrom } from "./recalled-from";

const MEMORY: Memory = {
  message_id: "m7",
  conversation_id: "c2",
  conversation_title: "Pets",
  role: "user",
  quote: "My cat is called Mulberry.",
  start: 0,
  end: 26,
  created_at: "2026-11-20T10:00:00+00:00",
  score: 0.8,
};

it("leads to the turn and forgets it on the spot", async () => {
  const { calls } = fakeServer({ "DELETE /api/memory/m7": { status: 204 } });
  renderInApp(<RecalledFrom message={aMessage({ memories: [MEMORY], memories_state: "ok" })} />);
  await userEvent.click(screen.getByText(strings.memory.recalled(1)));
  expect(screen.getByRole("link", { name: "Pets" })).toHaveAttribute("href", "/c/c2?turn=m7");
  expect(screen.getByText(MEMORY.quote)).toBeVisible();

  await userEvent.click(screen.getByRole("button", { name: /^Forget/ }));
  expect(await screen.findByText(strings.memory.forgotten)).toBeVisible();
  expect(screen.queryByText(MEMORY.quote)).not.toBeInTheDocument();
  expect(calls.map(({ route }) => route)).toContain("DELETE /api/memory/m7");
});

it("shows of what was forgotten elsewhere that it is, and when memory could not be asked", () => {
  const forgotten = { ...MEMORY, quote: "", forgotten: true };
  const view = renderInApp(
    <RecalledFrom message={aMessage({ memories: [forgotten], memories_state: "ok" })} />,
  );
  expect(screen.getByText(strings.memory.forgotten)).toBeInTheDocument();
  expect(screen.queryByRole("button")).not.toBeInTheDocument();
  view.unmount();

  renderInApp(<RecalledFrom message={aMessage({ memories_state: "unavailable" })} />);
  expect(screen.getByText(strings.memory.unavailable)).toBeVisible();
});
