import { waitFor } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { ApiError } from "@/lib/api-client";
import { queryKeys } from "@/lib/queries/keys";
import { aConversation } from "@/testing/factories";
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

type Sent = { client_id: string; parent_id?: string };

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
    const refusal = new ApiError(400, {
      code: "rate_limited",
      message: "Too many questions.",
      details: null,
      request_id: null,
    });
    let refused = false;
    const { outbox, requests } = setUp(() => {
      if (refused) return ack;
      refused = true;
      throw refusal;
    });
    outbox.send(message);
    await waitFor(() =>
      expect(outbox.store.get()).toMatchObject([
        { state: "refused", error: "Too many questions." },
      ]),
    );
    outbox.retry(outbox.store.get()[0]?.clientId ?? "");
    await waitFor(() => expect(outbox.store.get()).toEqual([]));
    const [first, second] = requests.map(({ data }) => (data as Sent).client_id);
    expect(first).toBe(second);
  });

  it("names the parent only when the message leaves the newest branch", async () => {
    const { outbox, requests } = setUp();
    outbox.send({ ...message, parentId: "m7" });
    outbox.send({ ...message, parentId: "m3", branches: true });
    await waitFor(() => expect(requests).toHaveLength(2));
    expect(requests.map(({ data }) => (data as Sent).parent_id)).toEqual([undefined, "m3"]);
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
