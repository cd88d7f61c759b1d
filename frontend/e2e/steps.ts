import { expect, type BrowserContext, type Locator, type Page } from "@playwright/test";
import { MODELS, type ModelServer } from "./model-server.ts";

export type File = { name: string; mimeType: string; buffer: Buffer };

export const PASSWORD = "a sentence to remember";

/** The first account of an installation, through its welcome page. */
export async function createFirstAccount(page: Page): Promise<void> {
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Welcome to Doc Chat" })).toBeVisible();
  await page.getByLabel("User name").fill("maria");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByRole("heading", { name: "Start with your documents" })).toBeVisible();
}

let accounts = 0;

/** An account of its own on the shared installation; the browser is logged in. Returns its name. */
export async function createAccount(page: Page): Promise<string> {
  accounts += 1;
  const username = `reader ${process.pid}-${accounts}`;
  const response = await page.request.post("/api/auth/register", {
    data: { username, password: PASSWORD },
  });
  expect(response.status()).toBe(201);
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Start with your documents" })).toBeVisible();
  return username;
}

export async function logIn(page: Page, username: string): Promise<void> {
  await expect(page.getByRole("heading", { name: "Log in" })).toBeVisible();
  await page.getByLabel("User name").fill(username);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Log in" }).click();
}

/** Calls the API as the page does. */
export async function call<T>(
  page: Page,
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  data?: object,
): Promise<T> {
  const response = await page.request.fetch(path, {
    method,
    data,
    headers: { Origin: new URL(page.url()).origin },
  });
  expect(response.ok(), `${method} ${path}: ${await response.text()}`).toBe(true);
  const body = await response.text();
  return (body === "" ? undefined : JSON.parse(body)) as T;
}

/** An empty chat that the controlled language model answers, opened on the page. */
export async function openChatWithModel(page: Page, model: ModelServer): Promise<string> {
  await call(page, "PUT", "/api/settings/api-keys/custom", { base_url: model.baseUrl });
  const { conversation } = await call<{ conversation: { id: string } }>(
    page,
    "POST",
    "/api/conversations",
    {},
  );
  await page.goto(`/c/${conversation.id}`);
  await expect(page.getByRole("button", { name: `Model: ${MODELS[0]}` })).toBeVisible();
  return conversation.id;
}

export type StoredMessage = {
  id: string;
  parent_id: string | null;
  role: string;
  content: string;
  status: string;
  model: string | null;
};

/** What the server has stored of a chat, all branches, oldest first. */
export async function storedMessages(page: Page, conversationId: string): Promise<StoredMessage[]> {
  const detail = await call<{ messages: StoredMessage[] }>(
    page,
    "GET",
    `/api/conversations/${conversationId}`,
  );
  return detail.messages;
}

export async function upload(page: Page, file: File): Promise<void> {
  await page.locator("input[type=file]").first().setInputFiles(file);
  await page.getByRole("tab", { name: "Documents" }).click();
  const row = page.getByTestId("document").filter({ hasText: file.name });
  await expect(row).toHaveAttribute("data-status", "ready", {
    timeout: 60_000,
  });
}

export const answers = (page: Page): Locator => page.getByRole("article", { name: "Answer" });

/** The chat's bubbles that say just this. */
export const questions = (page: Page, text: string): Locator =>
  page.getByRole("list", { name: "Messages" }).getByText(`You: ${text}`, { exact: true });

export async function send(page: Page, question: string): Promise<void> {
  await page.getByRole("textbox", { name: "Your message" }).fill(question);
  await page.keyboard.press("Enter");
}

export async function ask(page: Page, question: string): Promise<void> {
  const earlier = await answers(page).count();
  await send(page, question);
  await expect(answers(page)).toHaveCount(earlier + 1);
  await expectEnded(page);
}

/** Cut the network, or give it back. */
export async function setOffline(context: BrowserContext, isOffline: boolean): Promise<void> {
  await context.setOffline(isOffline);
  // Chromium tells its pages only if the machine has a network besides loopback.
  for (const page of context.pages()) {
    await page
      .evaluate((name) => window.dispatchEvent(new Event(name)), isOffline ? "offline" : "online")
      .catch(() => undefined); // a page that could not be loaded hears nothing
  }
}

export async function expectEnded(page: Page, status = "complete"): Promise<void> {
  await expect(answers(page).last()).toHaveAttribute("data-status", status);
}

/** The newest answer reads so on the page, character for character. */
export async function expectAnswerText(page: Page, text: string): Promise<void> {
  await expect.poll(() => shownText(page), { timeout: 30_000 }).toBe(text.trimEnd());
}

async function shownText(page: Page): Promise<string> {
  const paragraphs = await answers(page).last().locator(".answer-text > p").allTextContents();
  return paragraphs.join("\n\n").trimEnd();
}
