import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { useLocation } from "react-router";
import { expect, it, vi } from "vitest";
import { providerLabel } from "@/lib/format";
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
  highlights: [{ start: 4, end: 14 }],
  document: aDocument({ id: "d1", filename: "guide.pdf" }),
  page: 2,
};

function renderSearch(items: Found[] = [MESSAGE, PASSAGE]) {
  const server = fakeServer({
    "GET /api/search": { body: { items } },
    "GET /api/search/models": {
      body: { items: [{ id: "builtin:quotes" }, { id: "openai:gpt-2" }, { id: "custom:gpt-2" }] },
    },
  });
  const queryClient = testQueryClient();
  queryClient.setQueryData(queryKeys.conversations, [
    aConversation({ id: "c1", title: "Lighthouse keepers" }),
  ]);
  const onOpen = vi.fn();
  function Sidebar() {
    const [state, setState] = useState(NO_SEARCH);
    const { pathname, search } = useLocation();
    return (
      <>
        <Search state={state} onChange={setState} conversationId={null} onOpen={onOpen}>
          <p>The lists</p>
        </Search>
        <output>{pathname + search}</output>
      </>
    );
  }
  renderInApp(<Sidebar />, queryClient);
  return { onOpen, place: () => screen.getByText(/^\//, { selector: "output" }), ...server };
}

const field = () => screen.getByRole("combobox", { name: strings.search.label });

it("finds chats, messages and documents, and opens them by keyboard alone", async () => {
  const { onOpen, place } = renderSearch();
  await userEvent.type(field(), "lighthouse");
  await waitFor(() => expect(screen.getAllByRole("option")).toHaveLength(3));
  expect(screen.queryByText("The lists")).not.toBeInTheDocument();
  expect(screen.getAllByText("lighthouse", { selector: "mark" })).toHaveLength(2);

  await userEvent.keyboard("{Enter}");
  expect(place()).toHaveTextContent("/c/c1");
  await userEvent.keyboard("{ArrowDown}{Enter}");
  expect(place()).toHaveTextContent("/c/c2?turn=m7");
  await userEvent.keyboard("{ArrowDown}{Enter}");
  expect(place()).toHaveTextContent("/c/c2?doc=d1&page=2&start=10&end=43");
  expect(onOpen).toHaveBeenCalledTimes(3);
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

it("gives links, which open in another tab as well", async () => {
  const { onOpen, place } = renderSearch();
  await userEvent.type(field(), "lighthouse");
  await waitFor(() => expect(screen.getAllByRole("option")).toHaveLength(3));
  const [chat, turn, passage] = screen.getAllByRole("option");
  if (!chat || !turn || !passage) throw new Error("three results");
  expect(chat).toHaveAttribute("href", "/c/c1");
  expect(turn).toHaveAttribute("href", "/c/c2?turn=m7");
  expect(passage).toHaveAttribute("href", "/?doc=d1&page=2&start=10&end=43");

  const person = userEvent.setup();
  await person.keyboard("{Control>}");
  await person.click(turn);
  await person.keyboard("{/Control}");
  expect(onOpen).not.toHaveBeenCalled();
  expect(place()).toHaveTextContent(/^\/$/);

  await userEvent.click(turn);
  expect(onOpen).toHaveBeenCalledOnce();
  expect(place()).toHaveTextContent("/c/c2?turn=m7");
  expect(field()).toHaveFocus();
});

it("says plainly that nothing was found", async () => {
  renderSearch([]);
  await userEvent.type(field(), "hives");
  expect(await screen.findByText("Nothing was found for “hives”.")).toBeInTheDocument();
  expect(screen.queryByRole("option")).not.toBeInTheDocument();

  await userEvent.click(screen.getByRole("button", { name: strings.search.filters }));
  await userEvent.selectOptions(screen.getByLabelText(strings.search.role), "user");
  expect(
    await screen.findByText("Nothing was found for “hives” with these filters."),
  ).toBeInTheDocument();
});

it("offers the models that answered, told apart by their providers", async () => {
  renderSearch();
  await userEvent.type(field(), "lighthouse");
  await userEvent.click(screen.getByRole("button", { name: strings.search.filters }));
  await screen.findByRole("option", { name: "gpt-2 (OpenAI)" });
  const names = within(screen.getByLabelText(strings.search.model))
    .getAllByRole("option")
    .map((option) => option.textContent);
  expect(names).toEqual([
    strings.search.anyModel,
    strings.models.quotes,
    "gpt-2 (OpenAI)",
    `gpt-2 (${providerLabel("custom")})`,
  ]);
});
