import { waitFor } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { queryKeys } from "@/lib/queries/keys";
import { aConversation, aMessage } from "@/testing/factories";
import { fakeSocket } from "@/testing/fake-socket";
import { testQueryClient } from "@/testing/render";
import type { ConversationDetail } from "@/types/api";
import { createLiveAnswers } from "./live-answers";

const ids = { conversation_id: "c1", message_id: "m1" };
const streaming = aMessage({ id: "m1", status: "streaming", content: "" });

function setUp(respond?: Parameters<typeof fakeSocket>[0]) {
  const queryClient = testQueryClient();
  queryClient.setQueryData<ConversationDetail>(queryKeys.conversation("c1"), {
    conversation: aConversation(),
    messages: [streaming],
  });
  const server = fakeSocket(respond);
  const answers = createLiveAnswers(server.socket, queryClient);
  answers.start();
  const stored = () =>
    queryClient.getQueryData<ConversationDetail>(queryKeys.conversation("c1"))?.messages[0];
  const text = () => answers.store.get().m1?.text;
  return { ...server, answers, stored, text };
}

describe("live answers", () => {
  it("grow with the chunks and end as the stored message", async () => {
    const { emit, answers, stored, text } = setUp();
    emit("chat_response_start", { ...ids, model: "builtin:quotes" });
    emit("chat_response_chunk", { ...ids, offset: 0, text: "One 🎉" });
    emit("chat_response_chunk", { ...ids, offset: 5, text: " two" });
    await waitFor(() => expect(text()).toBe("One 🎉 two"));
    const message = aMessage({ id: "m1", content: "One 🎉 two." });
    emit("chat_response_end", { conversation_id: "c1", message });
    expect(stored()).toEqual(message);
    expect(answers.store.get()).toEqual({});
  });

  it("ask for the text so far when a chunk is missing", async () => {
    const { emit, requests, text } = setUp(() => ({ message: { ...streaming, content: "abcd" } }));
    emit("chat_response_start", { ...ids, model: "m" });
    emit("chat_response_chunk", { ...ids, offset: 0, text: "ab" });
    emit("chat_response_chunk", { ...ids, offset: 4, text: "ef" });
    await waitFor(() => expect(text()).toBe("abcdef"));
    expect(requests).toEqual([{ name: "chat_resume", data: { message_id: "m1" } }]);
  });

  it("are taken up again after the connection was lost", async () => {
    const { emit, requests, connection, text } = setUp(() => ({
      message: { ...streaming, content: "abcd" },
    }));
    emit("chat_response_start", { ...ids, model: "m" });
    emit("chat_response_chunk", { ...ids, offset: 0, text: "ab" });
    connection.set("lost");
    expect(requests).toEqual([]);
    connection.set("connected");
    await waitFor(() => expect(text()).toBe("abcd"));
    emit("chat_response_chunk", { ...ids, offset: 4, text: "ef" });
    await waitFor(() => expect(text()).toBe("abcdef"));
  });

  it("end when the server says so in reply to a resume", async () => {
    const done = aMessage({ id: "m1", content: "All of it." });
    const { answers, stored } = setUp(() => ({ message: done }));
    answers.follow(streaming);
    await waitFor(() => expect(stored()).toEqual(done));
    expect(answers.store.get()).toEqual({});
  });

  it("keep the partial text and the sentence when an answer fails", async () => {
    const { emit, stored, answers } = setUp();
    emit("chat_response_start", { ...ids, model: "m" });
    emit("chat_response_chunk", { ...ids, offset: 0, text: "Half an" });
    const error = { code: "unavailable", message: "No reply.", details: null, request_id: null };
    emit("chat_response_error", { ...ids, error });
    await waitFor(() =>
      expect(stored()).toMatchObject({ status: "failed", content: "Half an", error }),
    );
    expect(answers.store.get()).toEqual({});
  });
});
