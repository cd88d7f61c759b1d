import { screen, within } from "@testing-library/react";
import { beforeEach, describe, expect, it } from "vitest";
import { strings } from "@/lib/strings";
import { aDocument } from "@/testing/factories";
import { shownCollection } from "./document-list";
import { askToDelete, renderList } from "./list-testing";

const path = "papers/letters/offer.docx";
const watched = aDocument({ id: "d1", filename: "offer.docx", source_path: path });
const uploaded = aDocument({ id: "d2", filename: "other.pdf" });

beforeEach(() => shownCollection.set(null));

describe("a document of a watched folder", () => {
  it("says where its file lies", () => {
    renderList([watched, uploaded]);
    const [first, second] = screen.getAllByTestId("document");
    expect(first).toHaveTextContent(`From ${path}`);
    expect(second).not.toHaveTextContent("From");
  });

  it("tells before it is deleted that the file stays", async () => {
    renderList([watched, uploaded]);
    expect(
      within(await askToDelete("offer.docx")).getByText(
        strings.documents.deleteWatchedText("offer.docx", path),
      ),
    ).toBeVisible();
  });
});
