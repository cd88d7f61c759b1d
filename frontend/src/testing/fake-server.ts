import { vi } from "vitest";

type Answer = { status?: number; body?: unknown };

type Handler = (request: { path: string; body: unknown }) => Answer;

/** Answers `fetch` by "METHOD /path" without its query; anything else is a 404 with the contract's error. */
export function fakeServer(routes: Record<string, Answer | Handler>) {
  const calls: { route: string; body: unknown }[] = [];
  vi.stubGlobal("fetch", (input: string, init: RequestInit = {}): Promise<Response> => {
    const path = input.split("?")[0] ?? "";
    const route = `${init.method ?? "GET"} ${path}`;
    const body: unknown = typeof init.body === "string" ? JSON.parse(init.body) : undefined;
    calls.push({ route, body });
    const known = routes[route];
    const answer = typeof known === "function" ? known({ path, body }) : known;
    const { status = 200, body: reply } = answer ?? {
      status: 404,
      body: { error: { code: "not_found", message: "Not here.", details: null, request_id: "r" } },
    };
    return Promise.resolve(
      new Response(reply === undefined ? null : JSON.stringify(reply), { status }),
    );
  });
  return { calls };
}
