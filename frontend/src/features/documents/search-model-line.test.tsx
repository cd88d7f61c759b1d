import { screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { strings } from "@/lib/strings";
import { fakeServer } from "@/testing/fake-server";
import { renderInApp, testQueryClient } from "@/testing/render";
import type { SearchModel } from "@/types/api";
import { SearchModelLine } from "./search-model-line";

function renderLine(searchModel: SearchModel) {
  const server = fakeServer({ "GET /api/search-model": { body: searchModel } });
  const { container } = renderInApp(<SearchModelLine />, testQueryClient());
  return { container, server };
}

it("tells how many documents the new search model has done with", async () => {
  const progress = { done: 120, failed: 1, total: 900 };
  renderLine({ serving: "old", next: "new", progress });
  expect(await screen.findByText(strings.documents.searchModel(120, 900))).toBeVisible();
});

it("shows nothing while no model is being changed", async () => {
  const { container, server } = renderLine({ serving: "old", next: null, progress: null });
  await expect.poll(() => server.calls.length).toBe(1);
  expect(container).toHaveTextContent("");
});
