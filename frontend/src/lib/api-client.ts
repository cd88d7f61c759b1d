import type { Page, WireError } from "@/types/api";
import { strings } from "./strings";

/** A call the server refused, or (status 0) one that never reached it. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: Record<string, unknown> | null;
  readonly requestId: string | null;

  constructor(status: number, error: WireError) {
    super(error.message);
    this.name = "ApiError";
    this.status = status;
    this.code = error.code;
    this.details = error.details;
    this.requestId = error.request_id;
  }
}

const DEFAULT_TIMEOUT_MS = 30_000;
let timeoutMs = DEFAULT_TIMEOUT_MS;

/** The server's own limit, from GET /api/config. */
export function setApiTimeout(milliseconds: number): void {
  timeoutMs = milliseconds;
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

async function call<T>(
  method: Method,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<T> {
  const timeout = AbortSignal.timeout(timeoutMs);
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      credentials: "same-origin",
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw connectionError(timeout.aborted ? "timeout" : "network");
  }
  const text = await response.text();
  if (!response.ok) throw parseApiError(response.status, text);
  // 204 has no body; callers of such endpoints ask for `undefined`.
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

export const api = {
  get: <T>(path: string, signal?: AbortSignal) => call<T>("GET", path, undefined, signal),
  post: <T>(path: string, body?: unknown) => call<T>("POST", path, body),
  put: <T>(path: string, body: unknown) => call<T>("PUT", path, body),
  patch: <T>(path: string, body: unknown) => call<T>("PATCH", path, body),
  delete: (path: string) => call<undefined>("DELETE", path),
};

/** Reads a list to its end. */
export async function getAll<T>(path: string, signal?: AbortSignal): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({ limit: "200", ...(cursor === null ? {} : { cursor }) });
    const page: Page<T> = await api.get(`${path}?${query.toString()}`, signal);
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return items;
}

export function connectionError(code: "network" | "timeout"): ApiError {
  return new ApiError(0, {
    code,
    message: code === "timeout" ? strings.errors.timeout : strings.errors.network,
    details: null,
    request_id: null,
  });
}

/** Understands the contract's error object; anything else (a proxy's page) gets a plain sentence. */
export function parseApiError(status: number, body: string): ApiError {
  let error: unknown;
  try {
    error = (JSON.parse(body) as { error?: unknown } | null)?.error;
  } catch {
    error = undefined;
  }
  return new ApiError(status, toWireError(error));
}

export function toWireError(value: unknown): WireError {
  const fields = isRecord(value) ? value : {};
  return {
    code: typeof fields.code === "string" ? fields.code : "unknown",
    message:
      typeof fields.message === "string" && fields.message !== ""
        ? fields.message
        : strings.errors.unknown,
    details: isRecord(fields.details) ? fields.details : null,
    request_id: typeof fields.request_id === "string" ? fields.request_id : null,
  };
}

/** The sentence to show for anything that was thrown. */
export function errorSentence(error: unknown): string {
  return error instanceof ApiError ? error.message : strings.errors.unknown;
}

export function isStatus(error: unknown, status: number): boolean {
  return error instanceof ApiError && error.status === status;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
