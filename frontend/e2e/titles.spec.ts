import { expect, type Page } from "@playwright/test";
import { PlannedAnswer, seededText } from "./model-server.ts";
import { test } from "./server.ts";
import { createAccount, expectAnswerText, expectEnded, openChatWithModel, send } from "./steps.ts";

const QUESTION = "How far is the light to be seen?";

async function expectTitle(page: Page, title: string): Promise<void> {
  await expect(page.getByRole("heading", { level: 1, name: title, exact: true })).toBeVisible();
  await expect(page.getByRole("link", { name: title, exact: true })).toBeVisible();
}

test("a chat is named by its question at once, by the model afterwards, in every tab", async ({
  page,
  context,
  model,
}) => {
  await createAccount(page);
  await openChatWithModel(page, model);
  const other = await context.newPage();
  await other.goto(page.url());
  const answer = model.plan(QUESTION, new PlannedAnswer(seededText(60, 40), 20));
  await send(page, QUESTION);
  await expectAnswerText(page, answer.held);
  for (const tab of [page, other]) await expectTitle(tab, QUESTION);
  answer.release();
  // What the model answers when it is asked for a title.
  for (const tab of [page, other]) await expectTitle(tab, "Coast");
});

test("a title written by hand stays, whatever is asked afterwards", async ({ page, model }) => {
  await createAccount(page);
  await openChatWithModel(page, model);
  const first = model.plan(QUESTION, new PlannedAnswer(seededText(61, 40), 20));
  await send(page, QUESTION);
  await expectAnswerText(page, first.held);
  await page.getByRole("button", { name: QUESTION }).click();
  await page.getByRole("menuitem", { name: "Rename" }).click();
  await page.getByRole("textbox", { name: "Title of the chat" }).fill("My lighthouse");
  await page.keyboard.press("Enter");
  await expectTitle(page, "My lighthouse");
  first.release();
  await expectEnded(page);
  const second = model.plan("And at night?", new PlannedAnswer(seededText(62, 20)));
  await send(page, "And at night?");
  await expectAnswerText(page, second.text);
  await page.reload();
  await expectTitle(page, "My lighthouse");
});
