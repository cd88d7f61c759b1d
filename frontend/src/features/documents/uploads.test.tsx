import { act, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";
import { queryKeys } from "@/lib/queries/keys";
import { strings } from "@/lib/strings";
import { toastStore } from "@/lib/toasts";
import { aDocument } from "@/testing/factories";
import { type FakeUpload, fakeUploads } from "@/testing/fake-upload";
import { renderInApp, testQueryClient } from "@/testing/render";
import type { DocumentRecord } from "@/types/api";
import { DocumentList } from "./document-list";
import { UploadsProvider } from "./uploads-context";

let sent: FakeUpload[];

function renderList(documents: DocumentRecord[] = []) {
  const queryClient = testQueryClient();
  queryClient.setQueryData(queryKeys.documents, documents);
  queryClient.setQueryData(queryKeys.collections, []);
  queryClient.setQueryData(queryKeys.config, { accepted_types: ["application/pdf", ".md"] });
  const { container } = renderInApp(
    <UploadsProvider maxBytes={1000}>
      <DocumentList activeId={null} onOpen={() => undefined} />
    </UploadsProvider>,
    queryClient,
  );
  const choose = async (...files: File[]) => {
    const input = container.querySelector<HTMLInputElement>("input[type=file]");
    if (!input) throw new Error("no file input");
    await userEvent.upload(input, files);
  };
  return { choose, container };
}

function file(name: string, bytes = 100): File {
  return new File(["x".repeat(bytes)], name, { type: "application/pdf" });
}

function answer(upload: FakeUpload | undefined, status: number, body: unknown): void {
  act(() => upload?.answer(status, body));
}

const uploads = () => screen.queryAllByTestId("upload");

beforeEach(() => {
  sent = fakeUploads();
  toastStore.set([]);
});

describe("uploading", () => {
  it("shows each file's own progress and then the document", async () => {
    const { choose } = renderList();
    await choose(file("a.pdf"), file("b.pdf"));
    act(() => sent[0]?.progress(40));
    expect(uploads()[0]).toHaveTextContent("Uploading, 40 %");
    expect(uploads()[1]).toHaveTextContent("Uploading, 0 %");
    expect(
      screen.getByRole("progressbar", { name: strings.documents.progressOf("a.pdf") }),
    ).toHaveAttribute("aria-valuenow", "40");
    answer(sent[0], 202, { document: aDocument({ filename: "a.pdf", status: "queued" }) });
    expect(uploads()).toHaveLength(1);
    expect(screen.getByRole("button", { name: strings.documents.open("a.pdf") })).toBeVisible();
  });

  it("sends three at a time, the next when one has arrived", async () => {
    const { choose } = renderList();
    await choose(file("1.pdf"), file("2.pdf"), file("3.pdf"), file("4.pdf"));
    expect(sent.map((upload) => upload.file?.name)).toEqual(["1.pdf", "2.pdf", "3.pdf"]);
    expect(uploads()[3]).toHaveTextContent(strings.documents.waiting);
    answer(sent[1], 202, { document: aDocument({ id: "2" }) });
    expect(sent[3]?.file?.name).toBe("4.pdf");
  });

  it("does not send a file over the limit and says what the limit is", async () => {
    const { choose } = renderList();
    await choose(file("big.pdf", 1001), file("empty.pdf", 0), file("fine.pdf", 1000));
    expect(sent.map((upload) => upload.file?.name)).toEqual(["fine.pdf"]);
    expect(uploads()[0]).toHaveTextContent(strings.documents.tooLarge("1.0 kB"));
    expect(uploads()[1]).toHaveTextContent(strings.documents.emptyFile);
    expect(screen.queryByRole("button", { name: /again/ })).toBeNull();
  });

  it("tells kindly that a document is there already and shows it once", async () => {
    const { choose } = renderList([aDocument({ filename: "a.pdf" })]);
    await choose(file("copy.pdf"));
    answer(sent[0], 200, { document: aDocument({ filename: "a.pdf" }) });
    expect(toastStore.get()).toMatchObject([
      { kind: "info", message: strings.documents.alreadyHere("a.pdf") },
    ]);
    expect(screen.getAllByTestId("document")).toHaveLength(1);
  });

  it("shows the server's sentence and offers a retry only where it can help", async () => {
    const { choose } = renderList();
    await choose(file("a.pdf"), file("b.pdf"));
    act(() => sent[0]?.loseConnection());
    answer(sent[1], 415, {
      error: { code: "unsupported_media_type", message: "This kind of file cannot be read." },
    });
    expect(uploads()[0]).toHaveTextContent(strings.errors.network);
    expect(uploads()[1]).toHaveTextContent("This kind of file cannot be read.");
    expect(
      screen.queryByRole("button", { name: strings.documents.retryUpload("b.pdf") }),
    ).toBeNull();

    await userEvent.click(
      screen.getByRole("button", { name: strings.documents.retryUpload("a.pdf") }),
    );
    expect(sent[2]?.file?.name).toBe("a.pdf");
  });

  it("offers in the file dialog what the server can read, types and extensions alike", () => {
    const { container } = renderList();
    expect(container.querySelector("input[type=file]")).toHaveAttribute(
      "accept",
      "application/pdf,.md",
    );
  });

  it("can be cancelled", async () => {
    const { choose } = renderList();
    await choose(file("a.pdf"));
    await userEvent.click(
      screen.getByRole("button", { name: strings.documents.cancelUpload("a.pdf") }),
    );
    expect(sent[0]?.aborted).toBe(true);
    expect(uploads()).toHaveLength(0);
  });
});

describe("the list of documents", () => {
  it("shows stage, percent and that questions work already", () => {
    renderList([
      aDocument({
        status: "embedding",
        searchable: true,
        progress: { stage: "embedding", done: 9, total: 20 },
      }),
    ]);
    const item = screen.getByTestId("document");
    expect(item).toHaveTextContent("Indexing, 45 % · 12 pages · 1.2 MB");
    expect(item).toHaveTextContent(strings.documents.searchable);
  });

  it.each([
    [1, "Waiting, 1st in line"],
    [2, "Waiting, 2nd in line"],
    [3, "Waiting, 3rd in line"],
    [11, "Waiting, 11th in line"],
    [null, "Waiting · "],
    [undefined, "Waiting · "],
  ])("says of a document at place %s of the queue: %s", (queue_position, words) => {
    renderList([aDocument({ status: "queued", queue_position, eta_seconds: 90 })]);
    expect(screen.getByTestId("document")).toHaveTextContent(words);
    expect(screen.getByTestId("document")).not.toHaveTextContent("left");
  });

  it.each([
    [20, "Reading, 45 % · less than 1 min left · "],
    [130, "Reading, 45 % · about 2 min left · "],
    [7300, "Reading, 45 % · about 2 h left · "],
    [null, "Reading, 45 % · 12 pages"],
    [undefined, "Reading, 45 % · 12 pages"],
  ])("says of a document that is read for %s more seconds: %s", (eta_seconds, words) => {
    const progress = { stage: "extracting", done: 9, total: 20 };
    renderList([aDocument({ status: "extracting", progress, eta_seconds, queue_position: 3 })]);
    expect(screen.getByTestId("document")).toHaveTextContent(words);
    expect(screen.getByTestId("document")).not.toHaveTextContent("in line");
  });

  it("says in words why a document failed", () => {
    renderList([
      aDocument({ status: "failed", error: { code: "encrypted", message: "It is locked." } }),
    ]);
    expect(screen.getByTestId("document")).toHaveTextContent("It is locked.");
  });

  it("says what to do when it is empty", () => {
    renderList();
    expect(screen.getByText(strings.documents.empty)).toBeVisible();
  });
});
