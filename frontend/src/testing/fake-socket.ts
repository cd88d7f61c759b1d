import { connectionError } from "@/lib/api-client";
import type { ConnectionState, SocketClient } from "@/lib/socket-client";
import { createStore } from "@/lib/store";
import type { ClientRequests, ServerEvents } from "@/types/socket";

type Responder = (name: string, data: unknown) => unknown;

/** A socket whose server is the test: it hears requests, answers them and sends events. */
export function fakeSocket(respond: Responder = () => ({})) {
  const listeners = new Map<string, Set<(data: unknown) => void>>();
  const requests: { name: string; data: unknown }[] = [];
  const connection = createStore<ConnectionState>("connected");

  const socket: SocketClient = {
    connection,
    connect: () => connection.set("connected"),
    disconnect: () => connection.set("lost"),
    on(event, listener) {
      const untyped = listener as (data: unknown) => void;
      const known = listeners.get(event) ?? new Set();
      listeners.set(event, known.add(untyped));
      return () => known.delete(untyped);
    },
    async request<R extends keyof ClientRequests>(name: R, data: ClientRequests[R]["data"]) {
      if (connection.get() !== "connected") throw connectionError("network");
      requests.push({ name, data });
      return (await respond(name, data)) as ClientRequests[R]["ack"];
    },
  };

  function emit<E extends keyof ServerEvents>(event: E, data: ServerEvents[E]): void {
    for (const listener of listeners.get(event) ?? []) listener(data);
  }

  return { socket, requests, emit, connection };
}
