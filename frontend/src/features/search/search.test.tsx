import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { expect, it, vi } from "vitest";
import { queryKeys } from "@/lib/queries/keys";
import { strings } from "@/lib/strings";
import { aConversation, aDocument } from "@/testing/factories";
import { fakeServer } from "@/testing/fake-server";
import { renderInApp, testQueryClient } from "@/testing/render";
import type { Found } from "@/types/api";
import { NO_SEARCH, Search } from "./search";

const MESSAGE: Found = {
  kind: "message",
  score: 1,
  quote: "The lighthouse is old.",
  start: 0,
  end: 22,
  highlights: [{ start: 4, end: 14 }],
  message: {
    id: "m7",
    conversation_id: "c2",
    role: "user",
    model: null,
    created_at: "2026-11-20T10:00:00+00:00",
  },
  conversation: { id: "c2", title: "A trip" },
};

const PASSAGE: Found = {
  kind: "document",
  score: 0.5,
  quote: "The lighthouse was built in 1871.",
  start: 10,
  end: 43,
  document: aDocument({ id: "d1", filename: "guide.pdf" }),
  page: 2,
};

function renderSearch() {
  const server = fakeServer({ "GET /api/search": { body: { items: [MESSAGE, PASSAGE] } } });
  const queryClient = testQueryClient();
  queryClient.setQueryData(queryKeys.conversations, [
    aConversation({ id: "c1", title: "Lighthouse keepers" }),
  ]);
  const opened = {
    onOpenConversation: vi.fn(),
    onOpenTurn: vi.fn(),
    onOpenPassage: vi.fn(),
  };
  function Sidebar() {
    const [state, setState] = useState(NO_SEARCH);
    return (
      <Search state={state} onChange={setState} conversationId={null} {...opened}>
        <p>The lists</p>
      </Search>
    );
  }
  renderInApp(<Sidebar />, queryClient);
  return { ...opened, ...server };
}

const field = () => screen.getByRole("combobox", { name: strings.search.label });

it("finds chats, messages and documents, and opens them by keyboard alone", async () => {
  const { onOpenConversation, onOpenTurn, onOpenPassage } = renderSearch();
  await userEvent.type(field(), "lighthouse");
  await waitFor(() => expect(screen.getAllByRole("option")).toHaveLength(3));
  expect(screen.queryByText("The lists")).not.toBeInTheDocument();
  expect(screen.getAllByText("lighthouse", { selector: "mark" })).toHaveLength(2);

  await userEvent.keyboard("{Enter}");
  expect(onOpenConversation).toHaveBeenCalledExactlyOnceWith("c1");
  await userEvent.keyboard("{ArrowDown}{Enter}");
  expect(onOpenTurn).toHaveBeenCalledExactlyOnceWith("c2", "m7");
  await userEvent.keyboard("{ArrowDown}{Enter}");
  expect(onOpenPassage).toHaveBeenCalledExactlyOnceWith(PASSAGE);
  const options = screen.getAllByRole("option");
  expect(options[2]).toHaveAttribute("aria-selected", "true");
  expect(field()).toHaveAttribute("aria-activedescendant", options[2]?.id);

  await userEvent.keyboard("{Escape}");
  expect(field()).toHaveValue("");
  expect(screen.getByText("The lists")).toBeInTheDocument();
});

it("asks the server once one pauses, not at every key", async () => {
  const { calls } = renderSearch();
  await userEvent.type(field(), "lighthouse");
  await waitFor(() => expect(screen.getAllByRole("option")).toHaveLength(3));
  expect(calls.filter(({ route }) => route === "GET /api/search")).toHaveLength(1);
});
