import { screen, within } from "@testing-library/react";
import { beforeEach, describe, expect, it } from "vitest";
import { strings } from "@/lib/strings";
import { aDocument } from "@/testing/factories";
import { shownCollection } from "./document-list";
import { askToDelete, renderList } from "./list-testing";

const zip = { media_type: "application/zip", page_count: 1 };
const archive = aDocument({ ...zip, id: "z1", filename: "outer.zip" });
const inner = aDocument({ ...zip, id: "z2", filename: "inner.zip", archive_id: "z1" });
const readme = aDocument({ id: "d1", filename: "a/README.md", archive_id: "z1" });
const deep = aDocument({ id: "d2", filename: "deep.txt", archive_id: "z2" });
const other = aDocument({ id: "d3", filename: "other.pdf" });

beforeEach(() => shownCollection.set(null));

describe("an archive in the list", () => {
  it("says how many of its files are unpacked", () => {
    const progress = { stage: "extracting", done: 3, total: 20 };
    renderList([{ ...archive, status: "extracting", progress }]);
    expect(screen.getByTestId("document")).toHaveTextContent("Unpacking 3 / 20");
  });

  it("indexes its own text like any other document", () => {
    const progress = { stage: "embedding", done: 1, total: 2 };
    renderList([{ ...archive, status: "embedding", progress }]);
    expect(screen.getByTestId("document")).toHaveTextContent("Indexing, 50 %");
  });

  it("is named at what came from it, as long as it is there", () => {
    renderList([readme, archive, { ...deep, archive_id: "gone" }]);
    const [first, second, third] = screen.getAllByTestId("document");
    expect(first).toHaveTextContent("From outer.zip");
    expect(second).not.toHaveTextContent("From");
    expect(third).not.toHaveTextContent("From");
  });

  it("tells before it is deleted how many documents go with it", async () => {
    renderList([deep, readme, inner, archive, other]);
    expect(
      within(await askToDelete("outer.zip")).getByText(
        strings.documents.deleteArchiveText("outer.zip", 3),
      ),
    ).toBeVisible();
  });

  it("is deleted like any other document when nothing came from it", async () => {
    renderList([{ ...archive, status: "failed" }, other]);
    expect(
      within(await askToDelete("outer.zip")).getByText(strings.documents.deleteText("outer.zip")),
    ).toBeVisible();
  });
});
