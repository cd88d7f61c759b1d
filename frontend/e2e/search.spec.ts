import { expect } from "@playwright/test";
import { makePdf } from "./make-pdf.ts";
import { test } from "./server.ts";
import { ask, createAccount, upload } from "./steps.ts";

const GUIDE = {
  name: "guide.pdf",
  mimeType: "application/pdf",
  buffer: makePdf([
    ["A guide to the coast", "", "Ferries leave the harbour every morning at seven."],
    ["History", "", "The lighthouse of Brevik was built in 1871 by Ida Thorsen."],
  ]),
};
const QUESTION = "Who built the lighthouse of Brevik?";
const OTHER = "When do the ferries leave?";

test("one search finds a turn and a passage, by keyboard, and opens them where they are", async ({
  page,
}) => {
  await createAccount(page);
  await upload(page, GUIDE);
  await ask(page, QUESTION);
  await expect(page).toHaveURL(/\/c\//);
  for (let turn = 0; turn < 4; turn += 1) await ask(page, OTHER);
  const chat = page.url();
  await page.getByRole("link", { name: "New chat", exact: true }).first().click();

  await page.keyboard.press("Control+k");
  const field = page.getByRole("combobox", { name: "Search chats and documents" });
  await expect(field).toBeFocused();
  await page.keyboard.type("lighthou");
  const passage = page.getByRole("group", { name: "Documents" }).getByRole("option").first();
  const turn = page.getByRole("group", { name: "Messages" }).getByRole("option");
  await expect(passage).toContainText("guide.pdf");
  await expect(passage).toContainText("Page 2");
  await expect(turn.first().locator("mark").first()).toHaveText(/^lighthou/);

  await page.getByRole("button", { name: "Filters" }).click();
  await page.getByLabel("Said by").selectOption("You");
  await expect(passage).toBeHidden();
  await expect(turn.first()).toContainText(`You: ${QUESTION}`);
  await field.focus();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`${chat.replace(/[/.?]/g, "\\$&")}\\?turn=`));
  await expect(page.locator("[aria-current=true]").filter({ hasText: QUESTION })).toBeInViewport();

  await page.getByRole("button", { name: "Reset filters" }).click();
  await field.focus();
  await expect(passage).toBeVisible();
  while ((await passage.getAttribute("aria-selected")) !== "true") {
    await page.keyboard.press("ArrowDown");
  }
  await page.keyboard.press("Enter");
  await expect(page.getByRole("region", { name: "Document viewer" })).toBeVisible();
  await expect(page.getByTestId("highlight").first()).toBeInViewport();
  await expect(page.locator('[data-page="2"]')).toBeInViewport();

  await field.focus();
  await page.keyboard.press("Escape");
  await expect(field).toHaveValue("");
  await expect(page.getByRole("tab", { name: "Chats" })).toBeVisible();
});

test("on a phone the results are still there after one was opened", async ({ page }) => {
  await createAccount(page);
  await upload(page, GUIDE);
  await ask(page, QUESTION);
  await page.setViewportSize({ width: 320, height: 640 });
  await page.getByRole("button", { name: "Show sidebar" }).click();
  const field = page.getByRole("combobox", { name: "Search chats and documents" });
  await field.fill("lighthouse");
  await page.getByRole("group", { name: "Messages" }).getByRole("option").first().click();
  await expect(page.locator("[aria-current=true]").filter({ hasText: QUESTION })).toBeInViewport();
  await expect(field).toBeHidden();
  await page.getByRole("button", { name: "Show sidebar" }).click();
  await expect(field).toHaveValue("lighthouse");
  await page.getByRole("group", { name: "Documents" }).getByRole("option").first().click();
  await expect(page.getByTestId("highlight").first()).toBeInViewport();
});

test("a result opens in another tab as a link does, and a word that stands nowhere finds nothing", async ({
  page,
  context,
}) => {
  await createAccount(page);
  await upload(page, GUIDE);
  await ask(page, QUESTION);
  const chat = page.url();
  const field = page.getByRole("combobox", { name: "Search chats and documents" });
  await field.fill("lighthouse");
  for (const [group, button] of [["Messages", "left"], ["Documents", "middle"]] as const) {
    const result = page.getByRole("group", { name: group }).getByRole("option").first();
    const opened = context.waitForEvent("page");
    await result.click({ button, modifiers: button === "left" ? ["Control"] : [] });
    const other = await opened;
    if (group === "Messages") {
      await expect(other.locator("[aria-current=true]")).toBeInViewport();
    } else {
      await expect(other.getByTestId("highlight").first()).toBeInViewport();
    }
    await other.close();
    expect(page.url()).toBe(chat);
  }

  for (const word of ["hives", "zxqwv"]) {
    await field.fill(word);
    await expect(page.getByText(`Nothing was found for “${word}”.`)).toBeVisible();
    await expect(page.getByRole("listbox", { name: "Results" }).getByRole("option")).toHaveCount(0);
  }
  await field.fill("when do boats depart");
  await expect(page.getByRole("group", { name: "Documents" })).toContainText("Ferries leave");
});
