import { expect, type Page } from "@playwright/test";
import { PlannedAnswer } from "./model-server.ts";
import { test } from "./server.ts";
import { answers, ask, call, createAccount, expectEnded, openChatWithModel, send } from "./steps.ts";

const FACT = "My sister's cat is called Mulberry and sleeps in the piano.";
const QUESTION = "What is my sister's cat called?";

type Stats = { message_count: number };

/** What was said is found as soon as the indexer has seen it. */
async function expectRemembered(page: Page, words: string): Promise<void> {
  await expect
    .poll(async () => {
      const query = new URLSearchParams({ q: words });
      const path = `/api/memory/search?${query.toString()}`;
      return (await call<{ items: object[] }>(page, "GET", path)).items.length;
    })
    .toBeGreaterThan(0);
}

test("what was said in one chat is recalled in another, shown with its turn, and forgotten", async ({
  page,
  model,
}) => {
  await createAccount(page);
  const first = await openChatWithModel(page, model);
  model.plan(FACT, new PlannedAnswer("That is a fine name."));
  await send(page, FACT);
  await expectEnded(page);
  await expectRemembered(page, QUESTION);

  const second = await openChatWithModel(page, model);
  const recalling = model.plan(QUESTION, new PlannedAnswer("She is called Mulberry."));
  await send(page, QUESTION);
  await expectEnded(page);
  // The model was told, and the reader is shown the source.
  expect(JSON.stringify(recalling.request?.messages)).toContain("Mulberry");
  await page.getByText(/^Recalled from \d+ earlier chat/).click();
  const source = answers(page).getByRole("listitem").filter({ hasText: FACT });
  await expect(source).toBeVisible();

  await source.getByRole("link").click();
  await expect(page).toHaveURL(new RegExp(`/c/${first}\\?turn=`));
  await expect(page.locator("[aria-current=true]").filter({ hasText: FACT })).toBeInViewport();
  await page.goBack();
  await expect(page).toHaveURL(new RegExp(`/c/${second}$`));

  await page.getByText(/^Recalled from \d+ earlier chat/).click();
  await source.getByRole("button", { name: /^Forget/ }).click();
  await expect(answers(page).getByText("Forgotten.")).toBeVisible();

  await openChatWithModel(page, model);
  const afterwards = model.plan(QUESTION, new PlannedAnswer("I do not know."));
  await send(page, QUESTION);
  await expectEnded(page);
  expect(afterwards.request).not.toBeNull();
  expect(JSON.stringify(afterwards.request?.messages)).not.toContain("sleeps in the piano");
  await expect(answers(page)).not.toContainText("sleeps in the piano");

  await page.goto(`/c/${second}`);
  await page.getByText(/^Recalled from \d+ earlier chat/).click();
  await expect(answers(page).getByText("Forgotten.")).toBeVisible();
  await expect(answers(page)).not.toContainText("sleeps in the piano");
});

test("the built-in quotes recall, too, and a message may be kept out of memory", async ({ page }) => {
  await createAccount(page);
  // Without a document the start page does not ask.
  const { conversation } = await call<{ conversation: { id: string } }>(
    page,
    "POST",
    "/api/conversations",
    {},
  );
  await page.goto(`/c/${conversation.id}`);
  await page.getByRole("button", { name: "Don't remember this message" }).click();
  await ask(page, "The password of the shed is seven herons.");
  await expect(page.getByRole("button", { name: "Don't remember this message" })).toHaveAttribute(
    "aria-pressed",
    "false",
  );
  await ask(page, FACT);
  await expectRemembered(page, QUESTION);
  const mark = page.getByRole("list", { name: "Messages" }).getByRole("button", {
    name: "Not remembered",
  });
  await expect(mark).toHaveCount(1);
  await mark.click();
  await expect(page.getByText("Other chats are not told of this message.")).toBeVisible();
  await page.keyboard.press("Escape");
  expect(await call<Stats>(page, "GET", "/api/memory/stats")).toMatchObject({ message_count: 1 });
  const { conversation: stored } = await call<{ conversation: { memory_enabled: boolean } }>(
    page,
    "GET",
    `/api/conversations/${conversation.id}`,
  );
  expect(stored.memory_enabled).toBe(true);

  const other = await call<{ conversation: { id: string } }>(page, "POST", "/api/conversations", {});
  await page.goto(`/c/${other.conversation.id}`);
  await ask(page, QUESTION);
  await expect(answers(page)).toContainText("Mulberry");
  await page.getByText(/^Recalled from 1 earlier chat/).click();
  await expect(answers(page).getByRole("link")).toBeVisible();
});

test("memory is searched, forgotten and switched off in the settings", async ({ page, model }) => {
  await createAccount(page);
  await openChatWithModel(page, model);
  await ask(page, FACT);
  await expectRemembered(page, QUESTION);

  await page.goto("/settings/memory");
  await expect(page.getByText("2 messages from 1 chat")).toBeVisible();
  await page.getByRole("searchbox", { name: "Search memory" }).fill("cat piano");
  await page.keyboard.press("Enter");
  const found = page.getByRole("listitem").filter({ hasText: FACT });
  await found.getByRole("button", { name: /^Forget/ }).click();
  await expect(page.getByText("Forgotten.")).toBeVisible();
  await expect(page.getByText("1 message from 1 chat")).toBeVisible();

  const forgetBefore = async (day: string) => {
    await page.getByLabel("Forget what was said before").fill(day);
    await page.getByRole("button", { name: "Forget", exact: true }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Forget" }).click();
  };
  await forgetBefore("2001-05-17");
  await expect(page.getByText("1 message from 1 chat")).toBeVisible();
  await forgetBefore("2999-05-17");
  await expect(page.getByText("Nothing is remembered yet.")).toBeVisible();

  await page.getByRole("navigation", { name: "Chats" }).getByRole("link").first().click();
  await expect(answers(page)).toHaveCount(1);
  await ask(page, "The boat is called Heron.");
  await page.goto("/settings/memory");
  await page.getByRole("button", { name: "Forget everything" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Forget everything" }).click();
  await expect(page.getByText("Nothing is remembered yet.")).toBeVisible();

  const remember = page.getByRole("switch", { name: "Remember what is said" });
  await remember.click();
  await expect(remember).not.toBeChecked();
  await page.reload();
  await expect(remember).not.toBeChecked();
  await page.getByRole("navigation", { name: "Chats" }).getByRole("link").first().click();
  await expect(page.getByRole("switch", { name: "Remember" })).toBeDisabled();
});

test("a whole chat is forgotten from its menu, and stays", async ({ page, model }) => {
  await createAccount(page);
  await openChatWithModel(page, model);
  await ask(page, FACT);
  await expectRemembered(page, QUESTION);
  await page.getByRole("button", { name: /^Actions for/ }).click();
  await page.getByRole("menuitem", { name: "Forget this chat" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Forget" }).click();
  await expect(page.getByText("The chat is not remembered any more.", { exact: true })).toBeVisible();
  expect(await call<Stats>(page, "GET", "/api/memory/stats")).toMatchObject({ message_count: 0 });
  await expect(answers(page)).toHaveCount(1);
});
