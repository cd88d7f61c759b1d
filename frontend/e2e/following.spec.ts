import { expect, type Page } from "@playwright/test";
import { makePdf } from "./make-pdf.ts";
import { PlannedAnswer, seededText } from "./model-server.ts";
import { test } from "./server.ts";
import { ask, createAccount, expectEnded, openChatWithModel, send, upload } from "./steps.ts";

const LINES = [
  "Ferries leave the harbour every morning at seven.",
  "The bakery on the square sells rye bread and cardamom buns.",
  "In winter the road over the pass is closed after heavy snow.",
  "The school choir sings at the summer festival.",
];
const GUIDE = {
  name: "guide.pdf",
  mimeType: "application/pdf",
  buffer: makePdf([LINES, LINES.toReversed()]),
};

type Place = { top: number; toEnd: number };

const placeIn = (page: Page): Promise<Place> =>
  page.getByRole("list", { name: "Messages" }).evaluate((list) => {
    const scroller = list.closest(".overflow-y-auto");
    if (!scroller) throw new Error("nothing scrolls");
    const { scrollTop, scrollHeight, clientHeight } = scroller;
    return { top: scrollTop, toEnd: scrollHeight - scrollTop - clientHeight };
  });

const jump = (page: Page) => page.getByRole("button", { name: "Jump to the latest message" });

test("the page follows each answer to its end, however much comes at once", async ({ page }) => {
  await createAccount(page);
  await upload(page, GUIDE);
  for (let turn = 0; turn < 12; turn += 1) {
    await ask(page, turn % 2 ? "When do ferries leave?" : "What is the capital of Mongolia?");
    await expect(page.getByRole("article", { name: "Answer" })).toHaveCount(turn + 1);
    await expect.poll(async () => (await placeIn(page)).toEnd).toBeLessThan(2);
    await expect(jump(page)).toBeHidden();
  }
});

test("who has scrolled up while an answer is written stays there", async ({ page, model }) => {
  await createAccount(page);
  await openChatWithModel(page, model);
  model.plan("First?", new PlannedAnswer(seededText(60, 600)));
  await send(page, "First?");
  await expectEnded(page);
  const answer = model.plan("Second?", new PlannedAnswer(seededText(61, 600), 300));
  await send(page, "Second?");
  await expect(page.getByRole("article", { name: "Answer" }).last()).toContainText(
    answer.held.slice(-20).trim(),
  );
  await page.getByRole("list", { name: "Messages" }).hover();
  await page.mouse.wheel(0, -500);
  await expect(jump(page)).toBeVisible();
  const before = await placeIn(page);
  answer.release();
  await expectEnded(page);
  const after = await placeIn(page);
  expect(after.top).toBe(before.top);
  expect(after.toEnd).toBeGreaterThan(before.toEnd);
  await jump(page).click();
  await expect.poll(async () => (await placeIn(page)).toEnd).toBeLessThan(2);
  await expect(jump(page)).toBeHidden();
});
