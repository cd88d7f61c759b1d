import { io, type Socket } from "socket.io-client";
import type { Ack, ClientRequests, ServerEvents } from "@/types/socket";
import { ApiError, connectionError, toWireError } from "./api-client";
import { createStore, type Store } from "./store";

type Listeners = { [E in keyof ServerEvents]: (data: ServerEvents[E]) => void };

type RequestName = keyof ClientRequests;

export type ConnectionState = "connecting" | "connected" | "lost";

/** The page's only socket: typed events in, acknowledged requests out. */
export type SocketClient = {
  connection: Store<ConnectionState>;
  connect: () => void;
  disconnect: () => void;
  on: <E extends keyof ServerEvents>(event: E, listener: Listeners[E]) => () => void;
  /** Rejects with ApiError; code "network" or "timeout" when no answer came. */
  request: <R extends RequestName>(
    name: R,
    data: ClientRequests[R]["data"],
  ) => Promise<ClientRequests[R]["ack"]>;
};

const ACK_TIMEOUT_MS = 15_000;
const REFUSED_RETRY_MS = 5_000;

/** `onRefused` is called whenever the server does not know the session any more. */
export function createSocketClient(onRefused: () => void): SocketClient {
  const socket: Socket = io({
    autoConnect: false,
    transports: ["websocket", "polling"],
    tryAllTransports: true,
    reconnectionDelay: 500,
    reconnectionDelayMax: 5_000,
  });
  const connection = createStore<ConnectionState>("connecting");

  let knocking: ReturnType<typeof setTimeout> | undefined;

  socket.on("connect", () => connection.set("connected"));
  socket.on("disconnect", (reason) => {
    connection.set("lost");
    if (reason === "io server disconnect") knockAgain();
  });
  socket.on("connect_error", () => {
    connection.set("lost");
    if (!socket.active) knockAgain();
  });

  /** The library does not reconnect by itself when the server closed the door. */
  function knockAgain(): void {
    onRefused();
    knocking = setTimeout(() => socket.connect(), REFUSED_RETRY_MS);
  }

  return {
    connection,
    connect: () => void socket.connect(),
    disconnect() {
      clearTimeout(knocking);
      socket.disconnect();
    },
    on(event, listener) {
      // socket.io's own types cannot follow a generic event name.
      const name: string = event;
      socket.on(name, listener);
      return () => void socket.off(name, listener);
    },
    async request(name, data) {
      if (!socket.connected) throw connectionError("network");
      const ack = await emitWithAck(socket, name, data);
      if (ack.ok) return ack;
      const error = new ApiError(400, toWireError(ack.error));
      if (error.code === "not_authenticated") onRefused();
      throw error;
    },
  };
}

async function emitWithAck<R extends RequestName>(
  socket: Socket,
  name: R,
  data: ClientRequests[R]["data"],
): Promise<Ack<ClientRequests[R]["ack"]>> {
  try {
    return (await socket.timeout(ACK_TIMEOUT_MS).emitWithAck(name, data)) as Ack<
      ClientRequests[R]["ack"]
    >;
  } catch {
    throw connectionError(socket.connected ? "timeout" : "network");
  }
}

/** True when nothing was refused: the request may simply be tried again. */
export function isConnectionProblem(error: unknown): error is ApiError {
  return error instanceof ApiError && error.status === 0;
}
