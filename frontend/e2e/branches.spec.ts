import { expect, type Page } from "@playwright/test";
import { MODELS, PlannedAnswer, seededText } from "./model-server.ts";
import { test } from "./server.ts";
import {
  answers,
  createAccount,
  expectAnswerText,
  expectEnded,
  openChatWithModel,
  questions,
  send,
  storedMessages,
} from "./steps.ts";

const QUESTION = "What does the keeper see?";

test("a stopped answer keeps what had arrived", async ({ page, model }) => {
  await createAccount(page);
  const chat = await openChatWithModel(page, model);
  const answer = model.plan(QUESTION, new PlannedAnswer(seededText(20, 200), 80));
  await send(page, QUESTION);
  await expectAnswerText(page, answer.held);
  await page.getByRole("button", { name: "Stop" }).click();
  await expectEnded(page, "stopped");
  await expect(page.getByText("Stopped.")).toBeVisible();
  const [, stored] = await storedMessages(page, chat);
  expect(stored).toMatchObject({ status: "stopped", content: answer.held.trimEnd() });
  await expectAnswerText(page, answer.held);
});

test("an answer by another model and an edited question become branches one can walk", async ({
  page,
  model,
}) => {
  await createAccount(page);
  const chat = await openChatWithModel(page, model);
  const first = model.plan(QUESTION, new PlannedAnswer(seededText(21, 30)));
  await send(page, QUESTION);
  await expectEnded(page);

  const second = model.plan(QUESTION, new PlannedAnswer(seededText(22, 30)));
  await regenerateWith(page, MODELS[1]);
  await expectAnswerText(page, second.text);
  await expect(answers(page)).toContainText("2/2");
  await expect(answers(page)).toContainText(MODELS[1]);

  const third = model.plan(QUESTION, new PlannedAnswer(seededText(23, 30)));
  await regenerateWith(page, MODELS[0]);
  await expectAnswerText(page, third.text);
  await expect(answers(page)).toContainText("3/3");

  await page.getByRole("button", { name: "Previous version" }).click();
  await expectAnswerText(page, second.text);
  await expect(answers(page)).toContainText("2/3");

  const followUp = model.plan("And at night?", new PlannedAnswer(seededText(24, 30)));
  await send(page, "And at night?");
  await expect(answers(page)).toHaveCount(2);
  await expectEnded(page);
  await expectAnswerText(page, followUp.text);

  const edited = "What does the gull see?";
  const ofEdited = model.plan(edited, new PlannedAnswer(seededText(25, 30)));
  await page.getByRole("button", { name: "Edit", exact: true }).first().click();
  await page.getByRole("textbox", { name: "Edit your message" }).fill(edited);
  // What was typed is not lost with the page.
  await page.reload();
  await expect(page.getByRole("textbox", { name: "Edit your message" })).toHaveValue(edited);
  await page.getByRole("textbox", { name: "Edit your message" }).focus();
  await page.keyboard.press("Enter");
  await expectEnded(page);
  await expectAnswerText(page, ofEdited.text);
  await expect(questions(page, QUESTION)).toHaveCount(0);

  // Back to the first question: its branch is as it was left, to the last character.
  await page.getByRole("button", { name: "Previous version" }).click();
  await expect(questions(page, QUESTION)).toHaveCount(1);
  await expect(answers(page).first()).toContainText("2/3");
  await expectAnswerText(page, followUp.text);

  const messages = await storedMessages(page, chat);
  const contentOf = new Map(messages.map(({ id, content }) => [id, content]));
  expect(
    messages.map(({ content, parent_id }) => [content, contentOf.get(parent_id ?? "") ?? null]),
  ).toEqual([
    [QUESTION, null],
    [first.text, QUESTION],
    [second.text, QUESTION],
    [third.text, QUESTION],
    ["And at night?", second.text],
    [followUp.text, "And at night?"],
    [edited, null],
    [ofEdited.text, edited],
  ]);
  expect(messages.filter(({ role }) => role === "assistant").map(({ model }) => model)).toEqual([
    "custom:careful",
    "custom:hasty",
    "custom:careful",
    "custom:careful",
    "custom:careful",
  ]);
});

async function regenerateWith(page: Page, modelName: string): Promise<void> {
  await page.getByRole("button", { name: "Answer again" }).last().click();
  await page.getByRole("option", { name: modelName }).click();
}
