import { expect, type Page } from "@playwright/test";
import { PlannedAnswer, seededText } from "./model-server.ts";
import { test } from "./server.ts";
import {
  answers,
  call,
  createAccount,
  expectAnswerText,
  expectEnded,
  logIn,
  openChatWithModel,
  questions,
  send,
  setOffline,
  storedMessages,
  upload,
} from "./steps.ts";

const QUESTION = "What does the keeper see?";
const OFFLINE = "Connection lost.";

/** The chat holds exactly these messages, in this order. */
async function expectStored(page: Page, conversationId: string, contents: string[]): Promise<void> {
  await expect
    .poll(async () => (await storedMessages(page, conversationId)).map(({ content }) => content))
    .toEqual(contents);
}

/** The question stands there once, with its whole answer. */
async function expectAnsweredOnce(page: Page, text: string): Promise<void> {
  await expectEnded(page);
  await expectAnswerText(page, text);
  await expect(questions(page, QUESTION)).toHaveCount(1);
}

test("an answer goes on where it stood after reloads in the middle of it", async ({
  page,
  model,
}) => {
  await createAccount(page);
  const chat = await openChatWithModel(page, model);
  const answer = model.plan(QUESTION, new PlannedAnswer(seededText(1, 300), 150));
  await send(page, QUESTION);
  await expectAnswerText(page, answer.held);
  await page.reload();
  await expectAnswerText(page, answer.held);
  answer.release(150);
  await page.reload();
  await expectAnswerText(page, answer.held);
  answer.release();
  await page.reload();
  await expectEnded(page);
  await expectAnswerText(page, answer.text);
  await expectStored(page, chat, [QUESTION, answer.text]);
});

test("two tabs side by side show the same answer while it is written", async ({
  page,
  context,
  model,
}) => {
  await createAccount(page);
  const chat = await openChatWithModel(page, model);
  const early = await context.newPage();
  await early.goto(page.url());
  await expect(early.getByRole("list", { name: "Messages" })).toBeAttached();

  const answer = model.plan(QUESTION, new PlannedAnswer(seededText(2, 300), 100));
  await send(page, QUESTION);
  const late = await context.newPage();
  await late.goto(page.url());
  for (const tab of [page, early, late]) await expectAnswerText(tab, answer.held);
  answer.release(100);
  for (const tab of [page, early, late]) await expectAnswerText(tab, answer.held);
  answer.release();
  for (const tab of [page, early, late]) {
    await expectAnsweredOnce(tab, answer.text);
  }
  await expectStored(page, chat, [QUESTION, answer.text]);
});

test("an answer goes on after the network was away in the middle of it", async ({
  page,
  context,
  model,
}) => {
  await createAccount(page);
  const chat = await openChatWithModel(page, model);
  const answer = model.plan(QUESTION, new PlannedAnswer(seededText(3, 400), 100));
  await send(page, QUESTION);
  await expectAnswerText(page, answer.held);

  const seen = answer.held;
  await setOffline(context, true);
  await expect(page.getByText(OFFLINE)).toBeVisible();
  answer.release(200);
  await expectAnswerText(page, seen);
  await setOffline(context, false);
  await expectAnswerText(page, answer.held);
  await expect(page.getByText(OFFLINE)).toBeHidden();

  await setOffline(context, true);
  answer.release();
  await expectStored(page, chat, [QUESTION, answer.text]);
  await setOffline(context, false);
  await expectEnded(page);
  await expectAnswerText(page, answer.text);
});

test("a server that dies in the middle of an answer keeps its text, and answers anew", async ({
  page,
  server,
  model,
}) => {
  await createAccount(page);
  const chat = await openChatWithModel(page, model);
  const broken = model.plan(QUESTION, new PlannedAnswer(seededText(4, 300), 200));
  await send(page, QUESTION);
  await expectAnswerText(page, broken.held);
  // What came in the last second before a crash may be lost.
  await expectStored(page, chat, [QUESTION, broken.held]);

  await server.kill();
  await expect(page.getByText(OFFLINE)).toBeVisible();
  await page.getByRole("textbox", { name: "Your message" }).fill("And at night?");
  await server.run();
  await expectEnded(page, "interrupted");
  await expectAnswerText(page, broken.held);
  await expect(page.getByText("The answer was interrupted.")).toBeVisible();
  await expect(page.getByRole("textbox", { name: "Your message" })).toHaveValue("And at night?");

  const whole = model.plan(QUESTION, new PlannedAnswer(seededText(5, 60)));
  await answers(page).last().getByRole("button", { name: "Answer again" }).first().click();
  await expectEnded(page);
  await expectAnswerText(page, whole.text);
  await expectStored(page, chat, [QUESTION, broken.held.trimEnd(), whole.text]);
});

test("a message written offline is kept over a reload and sent exactly once", async ({
  page,
  context,
  model,
}) => {
  await createAccount(page);
  const chat = await openChatWithModel(page, model);
  await setOffline(context, true);
  await expect(page.getByText(OFFLINE)).toBeVisible();
  await send(page, QUESTION);
  await expect(page.getByText("Waiting for the connection")).toBeVisible();

  const answer = model.plan(QUESTION, new PlannedAnswer(seededText(6, 60)));
  const address = page.url();
  await page.reload().catch(() => undefined);
  await setOffline(context, false);
  // A second tab finds the waiting message as well.
  const other = await context.newPage();
  await Promise.all([page.goto(address), other.goto(address)]);
  for (const tab of [page, other]) {
    await expectAnsweredOnce(tab, answer.text);
    await expect(tab.getByTestId("outgoing-message")).toHaveCount(0);
  }
  await expectStored(page, chat, [QUESTION, answer.text]);
});

test("a message written offline leaves by itself when the network is back", async ({
  page,
  context,
  model,
}) => {
  await createAccount(page);
  const chat = await openChatWithModel(page, model);
  const answer = model.plan(QUESTION, new PlannedAnswer(seededText(7, 60)));
  await setOffline(context, true);
  await send(page, QUESTION);
  await expect(page.getByText("Waiting for the connection")).toBeVisible();
  await setOffline(context, false);
  await expectAnsweredOnce(page, answer.text);
  await expectStored(page, chat, [QUESTION, answer.text]);
});

test("the first message of a chat, written offline, begins it once", async ({
  page,
  context,
}) => {
  await createAccount(page);
  await upload(page, {
    name: "notes.txt",
    mimeType: "text/plain",
    buffer: Buffer.from("The lighthouse of Brevik was built in 1871 by Ida Thorsen.\n"),
  });
  const question = "When was the lighthouse of Brevik built?";
  await setOffline(context, true);
  await send(page, question);
  await expect(page.getByText("Waiting for the connection")).toBeVisible();
  await page.reload().catch(() => undefined);
  await setOffline(context, false);
  await page.goto("/");
  await page.waitForURL("**/c/*");
  await expectEnded(page);
  await expect(answers(page)).toContainText("1871");
  await expect(questions(page, question)).toHaveCount(1);
  await expect(page.getByRole("textbox", { name: "Your message" })).toHaveValue("");
  const { items } = await call<{ items: { message_count: number }[] }>(
    page,
    "GET",
    "/api/conversations",
  );
  expect(items).toMatchObject([{ message_count: 2 }]);
});

test("a message sent after the session has ended is kept, and leaves after logging in", async ({
  page,
  server,
  model,
}) => {
  const username = await createAccount(page);
  const chat = await openChatWithModel(page, model);
  server.execute("UPDATE auth_sessions SET expires_at = '2020-01-01 00:00:00'");
  const answer = model.plan(QUESTION, new PlannedAnswer(seededText(8, 60)));
  await send(page, QUESTION);
  await expect(page.getByText("what you typed is kept")).toBeVisible();
  await logIn(page, username);
  await expectAnsweredOnce(page, answer.text);
  await expectStored(page, chat, [QUESTION, answer.text]);
});
