import { expect, type Page } from "@playwright/test";
import { makePdf } from "./make-pdf.ts";
import { test } from "./server.ts";
import { ask, createAccount, upload } from "./steps.ts";

const FILLER = [
  "Ferries leave the harbour every morning at seven.",
  "In winter the road over the pass is closed after heavy snow.",
];

const GUIDE = {
  name: "guide.pdf",
  mimeType: "application/pdf",
  buffer: makePdf([
    ["A guide to the coast", "", ...FILLER],
    [
      ...FILLER,
      "The lighthouse of Brevik was built in 1871 by the",
      "engineer Ida Thorsen, who had fled from Bergen.",
      "The school choir sings at the summer festival.",
    ],
  ]),
};

const NOTES = {
  name: "notes.txt",
  mimeType: "text/plain",
  buffer: Buffer.from(
    "Gulls nest under the roof 🗼 of the old mill.\n\n" +
      "The windmill of Stavern grinds 400 kilos of <b>rye</b> a day & costs [1] nothing.\n" +
      "Nobody knows who carved its door.\n",
  ),
};

type Citation = { n: number; filename: string; quote: string };

/** The citations of the conversation's newest answer, as the server stores them. */
async function citations(page: Page): Promise<Citation[]> {
  const id = new URL(page.url()).pathname.split("/").at(-1);
  const response = await page.request.get(`/api/conversations/${id}`);
  const { messages } = (await response.json()) as { messages: { citations: Citation[] }[] };
  return messages.at(-1)?.citations ?? [];
}

async function openCitation(page: Page, filename: string): Promise<Citation> {
  const citation = (await citations(page)).find((candidate) => candidate.filename === filename);
  if (!citation) throw new Error(`${filename} is not cited`);
  await page
    .getByRole("button", { name: new RegExp(`^Citation ${citation.n}: ${filename}`) })
    .last()
    .click();
  await expect(page.getByTestId("highlight").first()).toBeInViewport();
  return citation;
}

/** The characters of the page's own text whose middle lies in a mark. */
async function textUnderMarks(page: Page): Promise<string> {
  return page.evaluate(() => {
    const boxes = [...document.querySelectorAll("[data-testid=highlight]")].map((mark) =>
      mark.getBoundingClientRect(),
    );
    const pieces: string[] = [];
    for (const span of document.querySelectorAll(".pdf-text-layer span")) {
      const node = span.firstChild;
      if (!(node instanceof Text)) continue;
      let piece = "";
      for (let index = 0; index < node.length; index += 1) {
        const range = document.createRange();
        range.setStart(node, index);
        range.setEnd(node, index + 1);
        const { left, right, top, bottom } = range.getBoundingClientRect();
        const x = (left + right) / 2;
        const y = (top + bottom) / 2;
        const marked = boxes.some(
          (box) => x > box.left && x < box.right && y > box.top && y < box.bottom,
        );
        if (marked) piece += node.data.charAt(index);
      }
      if (piece !== "") pieces.push(piece);
    }
    return pieces.join(" ");
  });
}

const oneLine = (text: string) => text.replace(/\s+/g, " ").trim();

test("the viewer marks exactly the quoted sentences of a PDF and of a text", async ({ page }) => {
  await createAccount(page);
  await upload(page, GUIDE);
  await upload(page, NOTES);

  await ask(page, "When was the lighthouse of Brevik built?");
  const ofPdf = await openCitation(page, GUIDE.name);
  expect(oneLine(ofPdf.quote)).toBe(
    "The lighthouse of Brevik was built in 1871 by the engineer Ida Thorsen, who had fled from Bergen.",
  );
  await expect.poll(async () => oneLine(await textUnderMarks(page))).toBe(oneLine(ofPdf.quote));

  await ask(page, "How much rye does the windmill of Stavern grind?");
  const ofText = await openCitation(page, NOTES.name);
  expect(ofText.quote).toContain("<b>rye</b> a day & costs [1] nothing.");
  const marks = page.locator("mark[data-testid=highlight]");
  await expect.poll(async () => (await marks.allTextContents()).join("")).toBe(ofText.quote);
  // What is markup in the document is text in the answer, and its bracket is no citation.
  const answer = page.getByRole("article", { name: "Answer" }).last();
  await expect(answer).toContainText("<b>rye</b> a day & costs [1] nothing.");
  await expect(answer.getByRole("button", { name: /^Citation/ })).toHaveCount(
    (await citations(page)).length,
  );
});

test("a citation of a deleted document keeps its quote and says that the document is gone", async ({
  page,
}) => {
  await createAccount(page);
  await upload(page, NOTES);
  await ask(page, "How much rye does the windmill of Stavern grind?");
  const [citation] = await citations(page);
  const { items } = (await (await page.request.get("/api/documents")).json()) as {
    items: { id: string }[];
  };
  const deleted = await page.request.delete(`/api/documents/${items[0]?.id}`, {
    headers: { Origin: new URL(page.url()).origin },
  });
  expect(deleted.status()).toBe(204);

  const chip = page.getByRole("button", { name: /deleted/ });
  await expect(chip.first()).toBeVisible();
  await page.reload();
  await chip.first().click();
  const viewer = page.getByRole("region", { name: "Document viewer" });
  await expect(viewer).toContainText("deleted");
  await expect(viewer.getByRole("blockquote")).toHaveText(oneLine(citation?.quote ?? ""));
});

test("a question that the documents do not answer is answered with a word about it", async ({
  page,
}) => {
  await createAccount(page);
  await upload(page, NOTES);
  await ask(page, "Which wavelength do quantum routers in Singapore prefer?");
  const answer = page.getByRole("article", { name: "Answer" });
  await expect(answer).toContainText("No clear answer in your documents");
  await expect(answer).toContainText("Your documents do not clearly answer this.");
});
