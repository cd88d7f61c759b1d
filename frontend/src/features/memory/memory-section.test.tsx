import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { strings } from "@/lib/strings";
import { fakeServer } from "@/testing/fake-server";
import { renderInApp } from "@/testing/render";
import { MemorySection } from "./memory-section";

function renderSection(memoryEnabledHere: boolean) {
  const preferences = { system_prompt: null, memory_enabled: true };
  const server = fakeServer({
    "GET /api/config": { body: { memory_enabled: memoryEnabledHere, api_timeout_ms: 5000 } },
    "GET /api/settings/preferences": { body: { preferences } },
    "PATCH /api/settings/preferences": ({ body }) => ({
      body: { preferences: { ...preferences, ...(body as object) } },
    }),
    "GET /api/memory/stats": {
      body: { message_count: 0, conversation_count: 0, oldest: null, newest: null },
    },
  });
  renderInApp(<MemorySection />);
  return server;
}

const memorySwitch = () => screen.findByRole("switch", { name: strings.memory.switch });

it("switches memory off for the user", async () => {
  const { calls } = renderSection(true);
  await userEvent.click(await memorySwitch());
  expect(await memorySwitch()).not.toBeChecked();
  expect(calls).toContainEqual({
    route: "PATCH /api/settings/preferences",
    body: { memory_enabled: false },
  });
});

it("says so where the installation remembers nothing, and has nothing to switch then", async () => {
  renderSection(false);
  expect(await memorySwitch()).toBeDisabled();
  expect(screen.getByText(strings.memory.offHere)).toBeVisible();
});
