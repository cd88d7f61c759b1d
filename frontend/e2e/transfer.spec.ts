import { readFile } from "node:fs/promises";
import { expect, type Page } from "@playwright/test";
import { makePdf } from "./make-pdf.ts";
import { test } from "./server.ts";
import { answers, ask, createAccount, upload } from "./steps.ts";

const QUESTION = "When was the lighthouse of Brevik built?";
const GUIDE = {
  name: "guide.pdf",
  mimeType: "application/pdf",
  buffer: makePdf([["History", "", "The lighthouse of Brevik was built in 1871."]]),
};

async function download(page: Page, click: () => Promise<void>) {
  const [file] = await Promise.all([page.waitForEvent("download"), click()]);
  return { name: file.suggestedFilename(), path: await file.path() };
}

test("a chat leaves as a file, and an account moves into another", async ({ page }) => {
  await createAccount(page);
  await upload(page, GUIDE);
  await ask(page, QUESTION);
  await expect(answers(page)).toContainText("1871");

  const saveAs = async (format: string) => {
    await page.getByRole("button", { name: "Download this chat" }).click();
    return download(page, () => page.getByRole("menuitem", { name: format }).click());
  };
  const markdown = await saveAs("Markdown");
  expect(markdown.name).toMatch(/\.md$/);
  expect(await readFile(markdown.path, "utf8")).toContain(QUESTION);
  const pdf = await saveAs("PDF");
  expect((await readFile(pdf.path)).subarray(0, 5).toString()).toBe("%PDF-");
  const json = await saveAs("JSON");
  expect(await readFile(json.path, "utf8")).toContain(QUESTION);

  await page.goto("/settings/data");
  const archive = await download(page, () =>
    page.getByRole("link", { name: "Download the archive" }).click(),
  );
  expect(archive.name).toMatch(/\.zip$/);

  // The second account begins with nothing.
  await createAccount(page);
  await page.goto("/settings/data");
  await page.getByLabel("Import an account", { exact: true }).setInputFiles({
    name: archive.name,
    mimeType: "application/zip",
    buffer: await readFile(archive.path),
  });
  const result = page.getByRole("status").filter({ hasText: "The import is done." });
  await expect(result).toContainText("1 chat");
  await expect(result).toContainText("1 document");
  await page.getByRole("navigation", { name: "Chats" }).getByRole("link").first().click();
  await expect(answers(page)).toContainText("1871");
  await page.getByRole("tab", { name: "Documents" }).click();
  await expect(page.getByTestId("document")).toContainText("guide.pdf");
});

test("chats of another program are imported, and what cannot be read is said", async ({ page }) => {
  await createAccount(page);
  await page.goto("/settings/data");
  const importOf = (content: string) =>
    page.getByLabel("Import from ChatGPT or Claude", { exact: true }).setInputFiles({
      name: "conversations.json",
      mimeType: "application/json",
      buffer: Buffer.from(content),
    });
  await importOf('{"not": "an export"}');
  await expect(page.getByRole("alert")).toBeVisible();

  await importOf(
    JSON.stringify([
      {
        uuid: "0a0a0a0a-0000-4000-8000-000000000001",
        name: "Names for a boat",
        created_at: "2025-03-01T10:00:00Z",
        updated_at: "2025-03-01T10:01:00Z",
        account: { uuid: "0b0b0b0b-0000-4000-8000-000000000001" },
        chat_messages: [
          {
            uuid: "0c0c0c0c-0000-4000-8000-000000000001",
            text: "Name my boat.",
            content: [{ type: "text", text: "Name my boat." }],
            sender: "human",
            created_at: "2025-03-01T10:00:00Z",
          },
          {
            uuid: "0c0c0c0c-0000-4000-8000-000000000002",
            text: "The Mulberry.",
            content: [{ type: "text", text: "The Mulberry." }],
            sender: "assistant",
            created_at: "2025-03-01T10:01:00Z",
          },
        ],
      },
    ]),
  );
  const result = page.getByRole("status").filter({ hasText: "The import is done." });
  await expect(result).toContainText("Imported: 1 chat and 2 messages.");
  await page.getByRole("link", { name: "Names for a boat" }).click();
  await expect(answers(page)).toContainText("The Mulberry.");
});
