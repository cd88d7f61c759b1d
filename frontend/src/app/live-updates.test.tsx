import { act } from "@testing-library/react";
import { expect, it } from "vitest";
import { queryKeys } from "@/lib/queries/keys";
import type { SocketClient } from "@/lib/socket-client";
import { aCollection } from "@/testing/factories";
import { fakeSocket } from "@/testing/fake-socket";
import { renderInApp, testQueryClient } from "@/testing/render";
import { useLiveUpdates } from "./live-updates";

function Listening({ socket }: { socket: SocketClient }) {
  useLiveUpdates(socket);
  return null;
}

it("keeps the collections by name as the server tells of new, renamed and deleted ones", () => {
  const { socket, emit } = fakeSocket();
  const queryClient = testQueryClient();
  const letters = aCollection({ id: "k2", name: "Letters" });
  queryClient.setQueryData(queryKeys.collections, [letters]);
  renderInApp(<Listening socket={socket} />, queryClient);
  const known = () => queryClient.getQueryData(queryKeys.collections);

  const contracts = aCollection({ id: "k1", name: "Contracts" });
  act(() => emit("collection_updated", { collection: contracts }));
  expect(known()).toEqual([contracts, letters]);

  const zebras = { ...contracts, name: "Zebras" };
  act(() => emit("collection_updated", { collection: zebras }));
  expect(known()).toEqual([letters, zebras]);

  act(() => emit("collection_deleted", { collection_id: "k2" }));
  expect(known()).toEqual([zebras]);
});
