import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { queryKeys } from "@/lib/queries/keys";
import { strings } from "@/lib/strings";
import { renderInApp, testQueryClient } from "@/testing/render";
import type { DocumentRecord } from "@/types/api";
import { DocumentList } from "./document-list";
import { UploadsProvider } from "./uploads-context";

/** Shows the list of documents without a server. */
export function renderList(documents: DocumentRecord[]) {
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

/** Chooses Delete in a document's menu and returns the question that follows. */
export async function askToDelete(filename: string) {
  await userEvent.click(
    screen.getByRole("button", { name: strings.documents.actionsFor(filename) }),
  );
  await userEvent.click(screen.getByRole("menuitem", { name: strings.actions.delete }));
  return screen.findByRole("alertdialog");
}
