import { waitFor } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { ApiError } from "@/lib/api-client";
import { queryKeys } from "@/lib/queries/keys";
import { aConversation } from "@/testing/factories";
import { fakeServer } from "@/testing/fake-server";
import { fakeSocket } from "@/testing/fake-socket";
import { testQueryClient } from "@/testing/render";
import type { ConversationDetail } from "@/types/api";
import { createOutbox, type NewMessage } from "./outbox";

const message: NewMessage = {
  conversationId: "c1",
  text: "How much?",
  model: "builtin:quotes",
  parentId: null,
  branches: false,
};

const ack = { user_message_id: "u1", assistant_message_id: "a1" };

function setUp(respond: Parameters<typeof fakeSocket>[0] = () => ack) {
  const queryClient = testQueryClient();
  queryClient.setQueryData<ConversationDetail>(queryKeys.conversation("c1"), {
    conversation: aConversation(),
    messages: [],
  });
  const server = fakeSocket(respond);
  const outbox = createOutbox(server.socket, queryClient, "outbox");
  const messages = () =>
    queryClient.getQueryData<ConversationDetail>(queryKeys.conversation("c1"))?.messages ?? [];
  return { ...server, queryClient, outbox, messages };
}

function refusal(code: string, text = "No."): ApiError {
  return new ApiError(400, { code, message: text, details: null, request_id: null });
}

type Sent = { client_id: string; parent_id?: string; memory_enabled?: boolean };

describe("the outbox", () => {
  it("hands a confirmed message over to the conversation with its answer", async () => {
    const { outbox, messages } = setUp();
    outbox.send(message);
    expect(outbox.store.get()).toMatchObject([{ text: "How much?", state: "sending" }]);
    await waitFor(() => expect(outbox.store.get()).toEqual([]));
    expect(messages()).toMatchObject([
      { id: "u1", role: "user", content: "How much?", parent_id: null },
      { id: "a1", role: "assistant", status: "streaming", parent_id: "u1" },
    ]);
  });

  it("keeps a message written offline and sends it, once, after the reconnect", async () => {
    const { outbox, connection, requests } = setUp();
    connection.set("lost");
    outbox.start();
    outbox.send(message);
    await waitFor(() => expect(outbox.store.get()).toMatchObject([{ state: "waiting" }]));
    expect(requests).toEqual([]);
    connection.set("connected");
    await waitFor(() => expect(outbox.store.get()).toEqual([]));
    expect(requests).toHaveLength(1);
  });

  it("keeps a message out of memory also after a reload, and says nothing about the others", async () => {
    const before = setUp();
    before.connection.set("lost");
    before.outbox.send({ ...message, remembered: false });
    before.outbox.send({ ...message, text: "And now?" });
    await waitFor(() =>
      expect(before.outbox.store.get()).toMatchObject([{ state: "waiting" }, { state: "waiting" }]),
    );

    const after = setUp();
    after.outbox.start();
    await waitFor(() => expect(after.requests).toHaveLength(2));
    const sent = after.requests.map(({ data }) => data as Sent & { message: string });
    expect(sent.find((data) => data.message === "How much?")?.memory_enabled).toBe(false);
    expect(sent.find((data) => data.message === "And now?")).not.toHaveProperty("memory_enabled");
  });

  it("keeps it over a reload, with the same client id", async () => {
    const before = setUp();
    before.connection.set("lost");
    before.outbox.send(message);
    await waitFor(() => expect(before.outbox.store.get()).toMatchObject([{ state: "waiting" }]));
    const clientId = before.outbox.store.get()[0]?.clientId;

    const after = setUp();
    after.outbox.start();
    await waitFor(() => expect(after.requests).toHaveLength(1));
    expect((after.requests[0]?.data as Sent).client_id).toBe(clientId);
  });

  it("marks a refused message with the server's sentence and retries with the same client id", async () => {
    let refused = false;
    const { outbox, requests } = setUp(() => {
      if (refused) return ack;
      refused = true;
      throw refusal("rate_limited", "Too many questions.");
    });
    outbox.send(message);
    await waitFor(() =>
      expect(outbox.store.get()).toMatchObject([
        { state: "refused", error: "Too many questions." },
      ]),
    );
    outbox.retry(outbox.store.get()[0]?.clientId ?? "", "openai:other");
    await waitFor(() => expect(outbox.store.get()).toEqual([]));
    const [first, second] = requests.map(({ data }) => (data as Sent).client_id);
    expect(first).toBe(second);
    expect(requests[1]?.data).toMatchObject({ model: "openai:other" });
  });

  it("waits for a log-in when the session has ended", async () => {
    let loggedIn = false;
    const { outbox, connection, requests } = setUp(() => {
      if (loggedIn) return ack;
      throw refusal("not_authenticated");
    });
    outbox.start();
    outbox.send(message);
    await waitFor(() => expect(outbox.store.get()).toMatchObject([{ state: "waiting" }]));
    loggedIn = true;
    connection.set("lost");
    connection.set("connected");
    await waitFor(() => expect(outbox.store.get()).toEqual([]));
    expect(requests).toHaveLength(2);
  });

  it("waits for the answer that another tab has begun", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    let busy = true;
    const { outbox, requests } = setUp(() => {
      if (busy) throw refusal("busy");
      return ack;
    });
    outbox.start();
    outbox.send(message);
    await vi.advanceTimersByTimeAsync(0);
    expect(outbox.store.get()).toMatchObject([{ state: "queued" }]);
    busy = false;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(outbox.store.get()).toEqual([]);
    expect(requests).toHaveLength(2);
    vi.useRealTimers();
  });

  it("lets go of a message that another tab has sent", async () => {
    const { outbox, connection } = setUp();
    connection.set("lost");
    outbox.start();
    outbox.send(message);
    await waitFor(() => expect(outbox.store.get()).toMatchObject([{ state: "waiting" }]));
    const key = `docchat:outbox:${outbox.store.get()[0]?.clientId ?? ""}`;
    window.dispatchEvent(new StorageEvent("storage", { key, oldValue: "{}", newValue: null }));
    expect(outbox.store.get()).toEqual([]);
  });

  it("names the parent only when the message leaves the newest branch", async () => {
    const { outbox, requests } = setUp();
    outbox.send({ ...message, parentId: "m7" });
    outbox.send({ ...message, parentId: "m3", branches: true });
    await waitFor(() => expect(requests).toHaveLength(2));
    expect(requests.map(({ data }) => (data as Sent).parent_id)).toEqual([undefined, "m3"]);
  });

  it("begins a chat with its first message, once", async () => {
    const created = aConversation({ id: "c9" });
    const { calls } = fakeServer({
      "POST /api/conversations": { status: 201, body: { conversation: created } },
    });
    let refused = false;
    const { outbox, connection, requests } = setUp(() => {
      if (refused) return ack;
      refused = true;
      throw refusal("rate_limited");
    });
    connection.set("lost");
    outbox.start();
    outbox.send({
      ...message,
      conversationId: null,
      settings: { temperature: 0.5 },
    });
    await waitFor(() => expect(outbox.store.get()).toMatchObject([{ state: "waiting" }]));
    expect(calls).toEqual([]);
    connection.set("connected");
    await waitFor(() => expect(outbox.store.get()).toMatchObject([{ state: "refused" }]));
    // The chat exists now, also for a page that is loaded anew.
    const later = setUp();
    later.outbox.start();
    await waitFor(() => expect(later.requests).toHaveLength(1));
    expect([...requests, ...later.requests].map(({ data }) => data)).toMatchObject([
      { conversation_id: "c9" },
      { conversation_id: "c9" },
    ]);
    expect(calls).toEqual([{ route: "POST /api/conversations", body: { temperature: 0.5 } }]);
  });

  it("keeps what two tabs have written", async () => {
    const tabs = [setUp(), setUp()];
    for (const { outbox, connection } of tabs) {
      connection.set("lost");
      outbox.send(message);
    }
    await waitFor(() => expect(setUp().outbox.store.get()).toHaveLength(2));
  });

  it("forgets a discarded message for good", async () => {
    const { outbox, connection } = setUp();
    connection.set("lost");
    outbox.send(message);
    await waitFor(() => expect(outbox.store.get()).toMatchObject([{ state: "waiting" }]));
    outbox.discard(outbox.store.get()[0]?.clientId ?? "");
    expect(setUp().outbox.store.get()).toEqual([]);
  });
});
