import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export const MODELS = ["careful", "hasty"] as const;

const PAUSE_MS = 2;

type ChatRequest = {
  model: string;
  messages: { role: string; content: string }[];
  temperature?: number;
};

/**
 * A language model under the test's control: a local server that speaks OpenAI's streaming
 * protocol. It says what was planned for a question; whatever else it is asked (a title, a
 * follow-up in other words) it answers with one word.
 */
export type ModelServer = {
  baseUrl: string;
  /** The next request whose last message is `question` is answered so. */
  plan: (question: string, answer: PlannedAnswer) => PlannedAnswer;
  /** The next request whose last message is `question` is refused so. */
  refuse: (question: string, refusal: Refusal) => void;
  close: () => Promise<void>;
};

export type Refusal = { status: number; message: string; retryAfterS?: number };

/** An answer that can be held back in the middle. */
export class PlannedAnswer {
  readonly text: string;
  /** What it was asked with. */
  request: ChatRequest | null = null;
  private readonly pieces: string[];
  private allowed: number;
  private wake: () => void = () => undefined;

  /** `heldAfter` pieces are sent at first; without it, all. A piece has one to five characters. */
  constructor(text: string, heldAfter = Infinity) {
    this.text = text;
    this.pieces = inPieces(text);
    this.allowed = heldAfter;
  }

  /** What has been sent when it is held back. */
  get held(): string {
    return this.pieces.slice(0, this.allowed).join("");
  }

  /** Sends so many pieces more, or the rest. */
  release(pieces = Infinity): void {
    this.allowed += pieces;
    this.wake();
  }

  async *stream(signal: AbortSignal): AsyncGenerator<string> {
    for (const [index, piece] of this.pieces.entries()) {
      while (index >= this.allowed && !signal.aborted) await this.released(signal);
      if (signal.aborted) return;
      yield piece;
      await sleep(PAUSE_MS);
    }
  }

  private released(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }
}

export async function startModelServer(): Promise<ModelServer> {
  const plans = new Map<string, (PlannedAnswer | Refusal)[]>();
  const add = (question: string, plan: PlannedAnswer | Refusal) =>
    plans.set(question, [...(plans.get(question) ?? []), plan]);
  const server = createServer((request, response) => {
    void answer(request, response, (question) => plans.get(question)?.shift());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    plan(question, planned) {
      add(question, planned);
      return planned;
    },
    refuse: (question, refusal) => void add(question, refusal),
    close: () => closeServer(server),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  planFor: (question: string) => PlannedAnswer | Refusal | undefined,
): Promise<void> {
  if (request.method === "GET") {
    response.setHeader("Content-Type", "application/json");
    const data = MODELS.map((id) => ({ id, object: "model" }));
    response.end(JSON.stringify({ object: "list", data }));
    return;
  }
  const asked = JSON.parse(await readAll(request)) as ChatRequest;
  const planned = planFor(asked.messages.at(-1)?.content ?? "") ?? new PlannedAnswer("Coast");
  if (!(planned instanceof PlannedAnswer)) {
    const { status, message, retryAfterS } = planned;
    const headers = retryAfterS === undefined ? {} : { "Retry-After": String(retryAfterS) };
    response.writeHead(status, { "Content-Type": "application/json", ...headers });
    response.end(JSON.stringify({ error: { message, type: "error", code: null } }));
    return;
  }
  planned.request = asked;
  const hungUp = new AbortController();
  response.on("close", () => hungUp.abort());
  response.setHeader("Content-Type", "text/event-stream");
  const send = (choices: unknown[], fields: object = {}) => {
    const head = { id: "x", object: "chat.completion.chunk", created: 1, model: asked.model };
    response.write(`data: ${JSON.stringify({ ...head, choices, ...fields })}\n\n`);
  };
  for await (const piece of planned.stream(hungUp.signal)) {
    send([{ index: 0, delta: { content: piece }, finish_reason: null }]);
  }
  send([{ index: 0, delta: {}, finish_reason: "stop" }]);
  send([], { usage: { prompt_tokens: 1234, completion_tokens: 567, total_tokens: 1801 } });
  response.end("data: [DONE]\n\n");
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

function inPieces(text: string): string[] {
  const characters = Array.from(text);
  const random = randomNumbers(characters.length);
  const pieces: string[] = [];
  while (characters.length > 0) pieces.push(characters.splice(0, 1 + random(5)).join(""));
  return pieces;
}

const WORDS =
  "the lighthouse of Brevik Ålesund naïve señor 灯台 🗼 👩‍🚀 keeper's 77 metres high, a—b; “quoted” über".split(
    " ",
  );

/** Plain paragraphs of many scripts; the same for the same seed. */
export function seededText(seed: number, words: number): string {
  const random = randomNumbers(seed);
  const paragraphs: string[] = [];
  for (let left = words; left > 0; left -= 40) {
    const chosen = Array.from({ length: Math.min(left, 40) }, () => WORDS[random(WORDS.length)]);
    paragraphs.push(`Answer ${seed}: ${chosen.join(" ")}.`);
  }
  return paragraphs.join("\n\n");
}

/** Whole numbers below a limit, by a linear congruential generator. */
function randomNumbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}
