import { act, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";
import { queryKeys } from "@/lib/queries/keys";
import { strings } from "@/lib/strings";
import { toastStore } from "@/lib/toasts";
import { aCollection, aDocument } from "@/testing/factories";
import { fakeServer } from "@/testing/fake-server";
import { fakeUploads } from "@/testing/fake-upload";
import { renderInApp, testQueryClient } from "@/testing/render";
import type { Collection, DocumentRecord } from "@/types/api";
import { DocumentList, shownCollection } from "./document-list";
import { UploadsProvider } from "./uploads-context";

const contracts = aCollection({ id: "k1", name: "Contracts" });
const letters = aCollection({ id: "k2", name: "Letters" });
const lease = aDocument({ id: "d1", filename: "lease.pdf", collection_ids: ["k1"] });
const note = aDocument({ id: "d2", filename: "note.pdf" });

function renderList({
  documents = [lease, note],
  collections = [contracts, letters],
}: { documents?: DocumentRecord[]; collections?: Collection[] } = {}) {
  const queryClient = testQueryClient();
  queryClient.setQueryData(queryKeys.documents, documents);
  queryClient.setQueryData(queryKeys.collections, collections);
  queryClient.setQueryData(queryKeys.searchModel, { serving: "m", next: null, progress: null });
  queryClient.setQueryData(queryKeys.config, { accepted_types: [] });
  const { container } = renderInApp(
    <UploadsProvider maxBytes={1000}>
      <DocumentList activeId={null} onOpen={() => undefined} />
    </UploadsProvider>,
    queryClient,
  );
  return { container, queryClient };
}

const listed = () => screen.getAllByTestId("document").map((item) => item.textContent);

async function openFilter(shown: string) {
  await userEvent.click(screen.getByRole("button", { name: strings.collections.filter(shown) }));
}

async function openCollectionsOf(filename: string) {
  await userEvent.click(
    screen.getByRole("button", { name: strings.documents.actionsFor(filename) }),
  );
  await userEvent.click(screen.getByRole("menuitem", { name: strings.collections.menuItem }));
  return screen.findByRole("dialog");
}

beforeEach(() => {
  shownCollection.set(null);
  toastStore.set([]);
});

describe("the collection filter", () => {
  it("lists the documents of one collection, and counts those of each", async () => {
    renderList();
    expect(listed()).toHaveLength(2);
    await openFilter(strings.collections.all);
    expect(screen.getByRole("menuitemradio", { name: /All documents/ })).toHaveTextContent("2");
    expect(screen.getByRole("menuitemradio", { name: /Letters/ })).toHaveTextContent("0");
    await userEvent.click(screen.getByRole("menuitemradio", { name: /Contracts/ }));
    expect(listed()).toEqual([expect.stringContaining("lease.pdf")]);

    await openFilter("Contracts");
    await userEvent.click(screen.getByRole("menuitemradio", { name: /Letters/ }));
    expect(screen.getByText(strings.collections.empty)).toBeVisible();
  });

  it("makes a collection and shows it", async () => {
    const server = fakeServer({
      "POST /api/collections": {
        status: 201,
        body: { collection: aCollection({ id: "k3", name: "Bills" }) },
      },
    });
    renderList();
    await openFilter(strings.collections.all);
    await userEvent.click(screen.getByRole("menuitem", { name: strings.collections.create }));
    await userEvent.type(await screen.findByLabelText(strings.collections.name), "Bills{Enter}");
    expect(
      await screen.findByRole("button", { name: strings.collections.filter("Bills") }),
    ).toBeVisible();
    expect(server.calls.at(-1)?.body).toEqual({ name: "Bills" });
  });

  it("renames a collection, and says why when the name is taken", async () => {
    const routes = {
      "PATCH /api/collections/k1": {
        status: 409,
        body: { error: { code: "conflict", message: "This name is taken." } },
      },
    };
    fakeServer(routes);
    renderList();
    act(() => shownCollection.set("k1"));
    await openFilter("Contracts");
    await userEvent.click(screen.getByRole("menuitem", { name: strings.collections.rename }));
    const field = await screen.findByLabelText(strings.collections.name);
    expect(field).toHaveValue("Contracts");
    await userEvent.clear(field);
    await userEvent.type(field, "Letters{Enter}");
    expect(await screen.findByRole("alert")).toHaveTextContent("This name is taken.");

    Object.assign(routes, {
      "PATCH /api/collections/k1": { body: { collection: { ...contracts, name: "Leases" } } },
    });
    await userEvent.clear(field);
    await userEvent.type(field, "Leases{Enter}");
    expect(
      await screen.findByRole("button", { name: strings.collections.filter("Leases") }),
    ).toBeVisible();
  });

  it("asks before it deletes a collection, and then shows all documents", async () => {
    const server = fakeServer({ "DELETE /api/collections/k1": { status: 204 } });
    renderList();
    act(() => shownCollection.set("k1"));
    await openFilter("Contracts");
    await userEvent.click(screen.getByRole("menuitem", { name: strings.collections.delete }));
    const question = await screen.findByRole("alertdialog");
    expect(question).toHaveTextContent(strings.collections.deleteText("Contracts"));
    expect(server.calls).toEqual([]);
    await userEvent.click(within(question).getByRole("button", { name: strings.actions.delete }));
    await openFilter(strings.collections.all);
    expect(screen.queryByRole("menuitemradio", { name: /Contracts/ })).toBeNull();
    expect(server.calls).toMatchObject([{ route: "DELETE /api/collections/k1" }]);
  });

  it("does not hide what is being uploaded", async () => {
    fakeUploads();
    const { container } = renderList();
    act(() => shownCollection.set("k1"));
    const input = container.querySelector<HTMLInputElement>("input[type=file]");
    if (!input) throw new Error("no file input");
    await userEvent.upload(input, new File(["x"], "new.pdf"));
    expect(
      screen.getByRole("button", { name: strings.collections.filter(strings.collections.all) }),
    ).toBeVisible();
  });
});

describe("the collections of a document", () => {
  it("are ticked, and ticking puts it in or takes it out", async () => {
    const server = fakeServer({
      "PUT /api/collections/k2/documents/d1": { body: { document: lease } },
      "DELETE /api/collections/k1/documents/d1": { status: 204 },
    });
    const { queryClient } = renderList();
    const dialog = within(await openCollectionsOf("lease.pdf"));
    expect(dialog.getByRole("checkbox", { name: "Contracts" })).toBeChecked();
    expect(dialog.getByRole("checkbox", { name: "Letters" })).not.toBeChecked();

    await userEvent.click(dialog.getByRole("checkbox", { name: "Letters" }));
    await userEvent.click(dialog.getByRole("checkbox", { name: "Contracts" }));
    expect(dialog.getByRole("checkbox", { name: "Letters" })).toBeChecked();
    expect(dialog.getByRole("checkbox", { name: "Contracts" })).not.toBeChecked();
    expect(server.calls.map(({ route }) => route)).toEqual([
      "PUT /api/collections/k2/documents/d1",
      "DELETE /api/collections/k1/documents/d1",
    ]);
    expect(queryClient.getQueryData<DocumentRecord[]>(queryKeys.documents)?.[0]).toMatchObject({
      collection_ids: ["k2"],
    });
  });

  it("stay open to be changed when the document leaves the list that is shown", async () => {
    fakeServer({ "DELETE /api/collections/k1/documents/d1": { status: 204 } });
    renderList();
    act(() => shownCollection.set("k1"));
    const dialog = within(await openCollectionsOf("lease.pdf"));
    await userEvent.click(dialog.getByRole("checkbox", { name: "Contracts" }));
    expect(dialog.getByRole("checkbox", { name: "Contracts" })).not.toBeChecked();
    expect(screen.queryAllByTestId("document")).toHaveLength(0);
    await userEvent.keyboard("{Escape}");
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  it("are put back with the server's sentence when it refuses", async () => {
    fakeServer({});
    renderList();
    const dialog = within(await openCollectionsOf("lease.pdf"));
    await userEvent.click(dialog.getByRole("checkbox", { name: "Letters" }));
    expect(await dialog.findByRole("checkbox", { name: "Letters" })).not.toBeChecked();
    expect(toastStore.get()).toMatchObject([{ kind: "error", message: "Not here." }]);
  });

  it("can be made on the spot, and the document is put in", async () => {
    const server = fakeServer({
      "POST /api/collections": {
        status: 201,
        body: { collection: aCollection({ id: "k3", name: "Bills" }) },
      },
      "PUT /api/collections/k3/documents/d2": { body: { document: note } },
    });
    renderList({ collections: [] });
    const dialog = within(await openCollectionsOf("note.pdf"));
    expect(dialog.getByText(strings.collections.none)).toBeVisible();
    await userEvent.type(dialog.getByLabelText(strings.collections.newName), "Bills{Enter}");
    expect(await dialog.findByRole("checkbox", { name: "Bills" })).toBeChecked();
    expect(server.calls.at(-1)?.route).toBe("PUT /api/collections/k3/documents/d2");
  });
});
