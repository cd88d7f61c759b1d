import { describe, expect, it, vi } from "vitest";
import { fakeServer } from "@/testing/fake-server";
import { api, ApiError, errorSentence, getAll, parseApiError } from "./api-client";
import { strings } from "./strings";

describe("the API client", () => {
  it("throws the server's error object with its status", async () => {
    fakeServer({
      "POST /api/documents/1/retry": {
        status: 409,
        body: {
          error: {
            code: "conflict",
            message: "This document is being read already.",
            details: { status: "extracting" },
            request_id: "req-7",
          },
        },
      },
    });
    const error: unknown = await api
      .post("/api/documents/1/retry")
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      status: 409,
      code: "conflict",
      message: "This document is being read already.",
      details: { status: "extracting" },
      requestId: "req-7",
    });
    expect(errorSentence(error)).toBe("This document is being read already.");
  });

  it.each([
    ["an HTML page of a proxy", "<html>Bad Gateway</html>"],
    ["nothing", ""],
    ["null", "null"],
    ["an error that is a string", '{"error": "boom"}'],
    ["fields of other types", '{"error": {"code": 1, "message": 2, "details": []}}'],
  ])("gives %s a plain sentence", (_, body) => {
    expect(parseApiError(502, body)).toMatchObject({
      status: 502,
      code: "unknown",
      message: strings.errors.unknown,
      details: null,
      requestId: null,
    });
  });

  it("says that the server cannot be reached", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
    await expect(api.get("/api/config")).rejects.toMatchObject({ status: 0, code: "network" });
  });

  it("sends JSON and gives nothing for 204", async () => {
    const server = fakeServer({ "PATCH /api/conversations/c1": { status: 204 } });
    await expect(api.patch("/api/conversations/c1", { title: "New" })).resolves.toBeUndefined();
    expect(server.calls).toEqual([
      { route: "PATCH /api/conversations/c1", body: { title: "New" } },
    ]);
  });

  it("reads a list to its end", async () => {
    const pages = [
      { items: [1, 2], next_cursor: "a" },
      { items: [3], next_cursor: null },
    ];
    fakeServer({ "GET /api/documents": () => ({ body: pages.shift() }) });
    await expect(getAll<number>("/api/documents")).resolves.toEqual([1, 2, 3]);
  });
});
