import { describe, expect, it } from "vitest";
import { codePointLength } from "@/lib/code-points";
import { aMessage } from "@/testing/factories";
import {
  initialStreamState,
  type StreamEvent,
  type StreamState,
  streamReducer,
} from "./stream-reducer";

const ANSWER = "Grüße 👩‍🚀 from 🎉 the moon 🌕🌕 and 数学 𝒳𝒴 — done.";

const started: StreamEvent = { type: "started", conversationId: "c1", messageId: "m1" };

function chunk(offset: number, text: string): StreamEvent {
  return { type: "chunk", conversationId: "c1", messageId: "m1", offset, text };
}

function run(events: readonly StreamEvent[], from: StreamState = initialStreamState): StreamState {
  return events.reduce(streamReducer, from);
}

function streamingMessage(content: string) {
  return aMessage({ id: "m1", status: "streaming", content });
}

/** Cuts a text at random code points, as a server does. */
function randomChunks(text: string, random: () => number): StreamEvent[] {
  const points = Array.from(text);
  const chunks: StreamEvent[] = [];
  for (let offset = 0; offset < points.length;) {
    const size = 1 + Math.floor(random() * 6);
    chunks.push(chunk(offset, points.slice(offset, offset + size).join("")));
    offset += size;
  }
  return chunks;
}

/** A small reproducible generator of numbers in [0, 1). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const SEEDS = Array.from({ length: 60 }, (_, seed) => seed);

describe("the stream reducer", () => {
  it("starts an answer empty and does not start it twice", () => {
    const once = run([started, chunk(0, "Hello")]);
    expect(run([started], once)).toBe(once);
    expect(once.m1).toMatchObject({ text: "Hello", length: 5, needsResume: false });
  });

  it.each(SEEDS)("joins chunks cut at code points, with emoji in them (seed %i)", (seed) => {
    const state = run([started, ...randomChunks(ANSWER, seeded(seed))]);
    expect(state.m1?.text).toBe(ANSWER);
    expect(state.m1?.length).toBe(Array.from(ANSWER).length);
    expect(state.m1?.needsResume).toBe(false);
  });

  it.each(SEEDS)("ignores what it has already, however often it comes (seed %i)", (seed) => {
    const random = seeded(seed);
    const chunks = randomChunks(ANSWER, random);
    const withRepeats = chunks.flatMap((event, index) => {
      const earlier = chunks[Math.floor(random() * (index + 1))];
      return random() < 0.5 && earlier ? [event, earlier, event] : [event];
    });
    expect(run([started, ...withRepeats]).m1?.text).toBe(ANSWER);
  });

  it.each(SEEDS)("takes only the new part of a chunk that overlaps (seed %i)", (seed) => {
    const random = seeded(seed);
    const points = Array.from(ANSWER);
    const cut = Math.floor(random() * points.length);
    const back = Math.floor(random() * (cut + 1));
    const state = run([
      started,
      chunk(0, points.slice(0, cut).join("")),
      chunk(back, points.slice(back).join("")),
    ]);
    expect(state.m1?.text).toBe(ANSWER);
  });

  it.each(SEEDS)("asks for what it missed and goes on from there (seed %i)", (seed) => {
    const random = seeded(seed);
    const chunks = randomChunks(ANSWER, random);
    const lost = Math.floor(random() * (chunks.length - 1));
    const before = run([started, ...chunks.slice(0, lost), ...chunks.slice(lost + 1)]);
    expect(before.m1?.needsResume).toBe(true);
    expect(ANSWER.startsWith(before.m1?.text ?? "")).toBe(true);

    // The server had sent at least up to the first chunk that came after the gap.
    const seen = chunks[lost + 1];
    const length = seen?.type === "chunk" ? seen.offset : 0;
    const soFar = Array.from(ANSWER).slice(0, length).join("");
    const after = run([{ type: "resumed", message: streamingMessage(soFar) }], before);
    expect(after.m1).toMatchObject({ text: ANSWER, needsResume: false, pending: [] });
  });

  it("shows a gap once and keeps the chunk until the missing text is there", () => {
    const gap = run([started, chunk(0, "ab"), chunk(4, "ef")]);
    expect(gap.m1).toMatchObject({ text: "ab", needsResume: true });
    const resumed = run([{ type: "resumed", message: streamingMessage("abcd") }], gap);
    expect(resumed.m1).toMatchObject({ text: "abcdef", length: 6, needsResume: false });
  });

  it("never loses text to a reply that is older than what it has", () => {
    const state = run([started, chunk(0, "abcdef")]);
    expect(run([{ type: "resumed", message: streamingMessage("abc") }], state).m1?.text).toBe(
      "abcdef",
    );
  });

  it("takes up an answer found streaming when the page is loaded", () => {
    const found = run([{ type: "found", message: streamingMessage("🎉 one") }]);
    expect(found.m1).toMatchObject({ text: "🎉 one", length: 5, needsResume: true });
    const state = run(
      [{ type: "resumed", message: streamingMessage("🎉 one two") }, chunk(9, " three")],
      found,
    );
    expect(state.m1?.text).toBe("🎉 one two three");
  });

  it("asks for every running answer after the connection was lost", () => {
    const state = run([started, chunk(0, "ab"), { type: "disconnected" }]);
    expect(state.m1).toMatchObject({ text: "ab", needsResume: true });
  });

  it("lets go of answers that ended, also when the end was missed", () => {
    const running = run([started, chunk(0, "ab")]);
    expect(run([{ type: "closed", messageId: "m1" }], running)).toEqual({});
    const ended = aMessage({ id: "m1", status: "complete", content: "ab" });
    expect(run([{ type: "resumed", message: ended }], running)).toEqual({});
  });

  it("keeps answers apart", () => {
    const state = run([
      started,
      { type: "started", conversationId: "c2", messageId: "m2" },
      chunk(0, "one"),
      { type: "chunk", conversationId: "c2", messageId: "m2", offset: 0, text: "two" },
    ]);
    expect([state.m1?.text, state.m2?.text]).toEqual(["one", "two"]);
    expect(codePointLength(state.m1?.text ?? "")).toBe(3);
  });
});
