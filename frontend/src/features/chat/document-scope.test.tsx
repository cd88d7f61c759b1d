import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { queryKeys } from "@/lib/queries/keys";
import { strings } from "@/lib/strings";
import { aCollection, aDocument } from "@/testing/factories";
import { renderInApp, testQueryClient } from "@/testing/render";
import { DocumentScope } from "./document-scope";

function renderScope(scope: { document_ids?: string[]; collection_ids?: string[] }) {
  const queryClient = testQueryClient();
  queryClient.setQueryData(queryKeys.documents, [
    aDocument({ id: "d1", filename: "lease.pdf" }),
    aDocument({ id: "d2", filename: "note.pdf" }),
  ]);
  queryClient.setQueryData(queryKeys.collections, [aCollection({ id: "k1", name: "Contracts" })]);
  const onChange = vi.fn();
  renderInApp(
    <DocumentScope
      scope={{ document_ids: [], collection_ids: [], ...scope }}
      onChange={onChange}
    />,
    queryClient,
  );
  return onChange;
}

const chip = () => screen.getByRole("button", { name: new RegExp(strings.chat.scopeTitle) });

describe("the chip that says what is asked", () => {
  it.each([
    [{}, strings.chat.scopeAll],
    [{ collection_ids: ["k1"] }, "Contracts"],
    [{ document_ids: ["d2"] }, "note.pdf"],
    [{ collection_ids: ["k1"], document_ids: ["d1", "d2"] }, "1 collection, 2 documents"],
    [{ collection_ids: ["deleted"], document_ids: ["d1"] }, "lease.pdf"],
    [{ collection_ids: ["deleted"] }, "No documents"],
  ])("reads %o as %s", (scope, label) => {
    renderScope(scope);
    expect(chip()).toHaveTextContent(label);
  });

  it("adds a collection to the documents chosen", async () => {
    const onChange = renderScope({ document_ids: ["d1"] });
    await userEvent.click(chip());
    expect(screen.getByRole("checkbox", { name: "lease.pdf" })).toBeChecked();
    await userEvent.click(screen.getByRole("checkbox", { name: "Contracts" }));
    expect(onChange).toHaveBeenCalledExactlyOnceWith({
      document_ids: ["d1"],
      collection_ids: ["k1"],
    });
  });

  it("adds a document to the collections chosen, and forgets deleted ones", async () => {
    const onChange = renderScope({ collection_ids: ["k1", "deleted"] });
    await userEvent.click(chip());
    expect(screen.getByRole("checkbox", { name: "Contracts" })).toBeChecked();
    await userEvent.click(screen.getByRole("checkbox", { name: "note.pdf" }));
    expect(onChange).toHaveBeenCalledExactlyOnceWith({
      document_ids: ["d2"],
      collection_ids: ["k1"],
    });
  });

  it("offers all documents again when what was chosen has been deleted", async () => {
    const onChange = renderScope({ collection_ids: ["deleted"] });
    await userEvent.click(chip());
    await userEvent.click(screen.getByRole("button", { name: strings.chat.scopeReset }));
    expect(onChange).toHaveBeenCalledExactlyOnceWith({ document_ids: [], collection_ids: [] });
  });
});
