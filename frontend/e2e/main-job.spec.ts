import { expect, type Page } from "@playwright/test";
import { makePdf } from "./make-pdf.ts";
import { freshTest, test } from "./server.ts";
import { ask, createAccount, createFirstAccount, logIn, upload } from "./steps.ts";

const FACT = "The lighthouse of Brevik was built in 1871 by the engineer Ida Thorsen.";

const FILLER = [
  "Ferries leave the harbour every morning at seven.",
  "The bakery on the square sells rye bread and cardamom buns.",
  "In winter the road over the pass is closed after heavy snow.",
  "The school choir sings at the summer festival.",
];

const REPORT = makePdf([
  ["A guide to the coast", "", ...FILLER],
  ["History", "", ...FILLER.slice(0, 2), FACT, ...FILLER.slice(2)],
  ["Practical advice", "", ...FILLER],
]);
const GUIDE = { name: "guide.pdf", mimeType: "application/pdf", buffer: REPORT };

/** The chip whose hover card would quote the fact: on page 2. */
const factChip = (page: Page) =>
  page.getByRole("button", { name: /^Citation \d+: guide\.pdf, page 2/ }).first();

async function expectFactHighlighted(page: Page): Promise<void> {
  const highlight = page.getByTestId("highlight").first();
  await expect(highlight).toBeInViewport();
  const box = await highlight.boundingBox();
  expect(box?.width).toBeGreaterThan(20);
  expect(box?.height).toBeGreaterThan(3);
  const pageBox = await page.locator('[data-page="2"]').boundingBox();
  expect(box && pageBox && box.y > pageBox.y && box.y < pageBox.y + pageBox.height).toBe(true);
  // The page itself is drawn, not only the mark over it.
  await expect(page.locator('[data-page="2"] canvas')).toBeVisible();
}

freshTest("a document is uploaded, asked and its cited passage opened, all from one address", async ({
  page,
  server,
}) => {
  const addresses = new Set<string>();
  page.on("request", (request) => addresses.add(new URL(request.url()).host));
  page.on("websocket", (socket) => addresses.add(new URL(socket.url()).host));
  const violations: string[] = [];
  page.on("console", (message) => {
    if (/Content Security Policy/i.test(message.text())) violations.push(message.text());
  });

  await createFirstAccount(page);
  await upload(page, GUIDE);
  await ask(page, "When was the lighthouse of Brevik built?");

  const answer = page.getByRole("article", { name: "Answer" });
  await expect(answer).toContainText("1871");
  await factChip(page).click();
  await expect(page.getByRole("region", { name: "Document viewer" })).toBeVisible();
  await expectFactHighlighted(page);

  await page.reload();
  await expect(answer).toContainText("1871");
  await expect(factChip(page)).toBeVisible();
  await expectFactHighlighted(page);
  await page.getByRole("tab", { name: "Documents" }).click();
  await expect(page.getByTestId("document")).toContainText("guide.pdf");

  expect([...addresses]).toEqual([new URL(server.url).host]);
  expect(violations).toEqual([]);
});

test("an answer appears in a second tab and after logging in again", async ({ page, context }) => {
  const username = await createAccount(page);
  await upload(page, GUIDE);
  await page.getByRole("tab", { name: "Chats" }).click();
  await ask(page, "When was the lighthouse of Brevik built?");

  const second = await context.newPage();
  await second.goto(page.url());
  await ask(page, "Who built the lighthouse?");
  await expect(second.getByRole("article", { name: "Answer" })).toHaveCount(2);
  await expect(
    second.getByRole("list", { name: "Messages" }).getByText("Who built the lighthouse?"),
  ).toHaveCount(1);
  await expect(second.getByRole("textbox", { name: "Your message" })).toHaveValue("");

  await page.getByRole("button", { name: `Account: ${username}` }).click();
  await page.getByRole("menuitem", { name: "Log out" }).click();
  await logIn(page, username);
  await page.getByRole("navigation", { name: "Chats" }).getByRole("link").first().click();
  await expect(page.getByRole("article", { name: "Answer" })).toHaveCount(2);
});
