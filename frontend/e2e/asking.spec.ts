import { expect, type Page } from "@playwright/test";
import { PlannedAnswer, seededText } from "./model-server.ts";
import { test } from "./server.ts";
import {
  answers,
  createAccount,
  expectAnswerText,
  expectEnded,
  openChatWithModel,
  send,
} from "./steps.ts";

async function openSettings(page: Page, section: string): Promise<void> {
  await page.goto("/settings");
  const sections = page.getByRole("navigation", { name: "Settings" });
  await sections.getByRole("link", { name: section }).click();
}

test("prompts and the settings of a chat reach the model, and what it took is shown", async ({
  page,
  model,
}) => {
  const username = await createAccount(page);
  await openSettings(page, "Prompts");
  await page.getByLabel("System prompt").fill("Answer in verse.");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Your system prompt was saved.", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "New template" }).click();
  await page.getByLabel("Name").fill("Compare");
  await page.getByLabel("Text", { exact: true }).fill("Compare {{one}} with {{the other}}.");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Asks for one and the other")).toBeVisible();

  await openChatWithModel(page, model);
  const question = "Compare gulls with terns & co.";
  const insertFilled = async () => {
    await page.getByRole("button", { name: "Insert a prompt" }).click();
    await page.getByRole("button", { name: /^Compare/ }).click();
    await page.getByRole("textbox", { name: "one", exact: true }).fill("gulls");
    await page.getByRole("textbox", { name: "the other" }).fill("terns & co");
    await page.getByRole("button", { name: "Insert", exact: true }).click();
  };
  await insertFilled();
  await expect(page.getByRole("textbox", { name: "Your message" })).toHaveValue(question);
  const first = model.plan(question, new PlannedAnswer(seededText(40, 20)));
  await page.getByRole("textbox", { name: "Your message" }).press("Enter");
  await expectEnded(page);
  expect(first.request?.messages[0]?.content).toContain("Answer in verse.");
  expect(first.request?.temperature).toBeUndefined();

  await page.getByRole("button", { name: "Chat settings" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("1,234 tokens read and 567 tokens written");
  await dialog.getByLabel("System prompt").fill("You speak to {{username}}.");
  await dialog.getByLabel("Temperature").fill("0.3");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog).toBeHidden();
  const second = model.plan(question, new PlannedAnswer(seededText(41, 20)));
  await send(page, question);
  await expectAnswerText(page, second.text);
  expect(second.request?.messages[0]?.content).toContain(`You speak to ${username}.`);
  expect(second.request?.temperature).toBe(0.3);

  await answers(page).last().getByRole("button", { name: /details of this answer/ }).click();
  const details = page.getByRole("dialog", { name: "Details of this answer" });
  await expect(details).toContainText("1,234 tokens");
  await expect(details).toContainText("567 tokens");

  await openSettings(page, "Usage");
  const row = page.getByRole("row", { name: /^careful/ });
  await expect(row).toContainText("2,468");
  await expect(row).toContainText("1,134");
});

test("an error says what helps, and the help works", async ({ page, model }) => {
  await createAccount(page);
  await openChatWithModel(page, model);
  const question = "What does the keeper see?";

  model.refuse(question, { status: 429, message: "Slow down", retryAfterS: 3 });
  await send(page, question);
  await expectEnded(page, "failed");
  await expect(page.getByRole("button", { name: /Answer again in \d s/ })).toBeDisabled();
  const answer = model.plan(question, new PlannedAnswer(seededText(42, 20)));
  // Beside the menu under the answer, the note's own button, once the wait is over.
  const again = page.getByRole("button", { name: "Answer again", exact: true });
  await expect(again).toHaveCount(2);
  await again.first().click();
  await expectEnded(page);
  await expectAnswerText(page, answer.text);

  model.refuse("And at night?", { status: 401, message: "Incorrect API key provided: sk-secret" });
  await send(page, "And at night?");
  await expectEnded(page, "failed");
  await expect(answers(page).last()).not.toContainText("sk-secret");
  const byOther = model.plan("And at night?", new PlannedAnswer(seededText(43, 20)));
  await page.getByRole("button", { name: "Choose another model" }).click();
  await page.getByRole("option", { name: "hasty" }).click();
  await expectAnswerText(page, byOther.text);
  await page.getByRole("button", { name: "Previous version" }).last().click();
  await page.getByRole("link", { name: "Open settings" }).click();
  await expect(page.getByRole("heading", { name: "Providers" })).toBeVisible();
});

test("a provider that cannot be used is not connected, and says why", async ({ page, model }) => {
  await createAccount(page);
  await openSettings(page, "Language models");
  await page.getByRole("button", { name: "Connect: Compatible server" }).click();
  await page.getByLabel("Base URL").fill("http://127.0.0.1:9/v1");
  await page.getByRole("button", { name: "Test and save" }).click();
  await expect(page.getByRole("alert")).toContainText("cannot be reached");
  await page.getByLabel("Base URL").fill(model.baseUrl);
  await page.getByRole("button", { name: "Test and save" }).click();
  await expect(page.getByText("Compatible server is connected.", { exact: true })).toBeVisible();
  await expect(page.getByText(/^Connected · .* · 2 models$/)).toBeVisible();
});
