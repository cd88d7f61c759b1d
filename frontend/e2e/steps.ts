import { expect, type Page } from "@playwright/test";

export type File = { name: string; mimeType: string; buffer: Buffer };

export async function createAccount(page: Page): Promise<void> {
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Welcome to Doc Chat" })).toBeVisible();
  await page.getByLabel("User name").fill("maria");
  await page.getByLabel("Password").fill("a sentence to remember");
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByRole("heading", { name: "Start with your documents" })).toBeVisible();
}

export async function upload(page: Page, file: File): Promise<void> {
  await page.locator("input[type=file]").first().setInputFiles(file);
  await page.getByRole("tab", { name: "Documents" }).click();
  const row = page.getByTestId("document").filter({ hasText: file.name });
  await expect(row).toHaveAttribute("data-status", "ready", {
    timeout: 60_000,
  });
}

export async function ask(page: Page, question: string): Promise<void> {
  const answers = page.getByRole("article", { name: "Answer" });
  const earlier = await answers.count();
  await page.getByRole("textbox", { name: "Your message" }).fill(question);
  await page.keyboard.press("Enter");
  await expect(answers).toHaveCount(earlier + 1);
  await expect(answers.last()).toHaveAttribute("data-status", "complete", { timeout: 30_000 });
}
