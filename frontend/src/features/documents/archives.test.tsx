import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";
import { queryKeys } from "@/lib/queries/keys";
import { strings } from "@/lib/strings";
import { aDocument } from "@/testing/factories";
import { renderInApp, testQueryClient } from "@/testing/render";
import type { DocumentRecord } from "@/types/api";
import { DocumentList, shownCollection } from "./document-list";
import { UploadsProvider } from "./uploads-context";

const zip = { media_type: "application/zip", page_count: 1 };
const archive = aDocument({ ...zip, id: "z1", filename: "outer.zip" });
const inner = aDocument({ ...zip, id: "z2", filename: "inner.zip", archive_id: "z1" });
const readme = aDocument({ id: "d1", filename: "a/README.md", archive_id: "z1" });
const deep = aDocument({ id: "d2", filename: "deep.txt", archive_id: "z2" });
const other = aDocument({ id: "d3", filename: "other.pdf" });

function renderList(documents: DocumentRecord[]) {
  const queryClient = testQueryClient();
  queryClient.setQueryData(queryKeys.documents, documents);
  queryClient.setQueryData(queryKeys.collections, []);
  queryClient.setQueryData(queryKeys.config, { accepted_types: [] });
  renderInApp(
    <UploadsProvider maxBytes={1000}>
      <DocumentList activeId={null} onOpen={() => undefined} />
    </UploadsProvider>,
    queryClient,
  );
}

async function askToDelete(filename: string) {
  await userEvent.click(
    screen.getByRole("button", { name: strings.documents.actionsFor(filename) }),
  );
  await userEvent.click(screen.getByRole("menuitem", { name: strings.actions.delete }));
  return screen.findByRole("alertdialog");
}

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
