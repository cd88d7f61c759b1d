import { render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import type { ImportReport } from "@/types/api";
import { ImportResult } from "./import-result";

const NOTHING: ImportReport = {
  imported: 0,
  skipped: 0,
  conversations: { imported: 0, skipped: 0 },
  messages: { imported: 0, skipped: 0 },
  documents: { imported: 0, skipped: 0 },
  collections: { imported: 0, skipped: 0 },
  problems: [],
};

it("says in words what was imported, what was left out and why", () => {
  render(
    <ImportResult
      report={{
        ...NOTHING,
        conversations: { imported: 2, skipped: 1 },
        messages: { imported: 9, skipped: 0 },
        documents: { imported: 1, skipped: 0 },
        problems: ["Conversation 7 is too large."],
      }}
    />,
  );
  const result = screen.getByRole("status");
  expect(result).toHaveTextContent("Imported: 2 chats, 9 messages, and 1 document.");
  expect(result).toHaveTextContent("Here already, or left out: 1 chat.");
  expect(result).toHaveTextContent("1 thing was not taken in:Conversation 7 is too large.");
});

it("says so when nothing was new", () => {
  render(<ImportResult report={NOTHING} />);
  expect(screen.getByRole("status")).toHaveTextContent("Nothing new was in it.");
});
