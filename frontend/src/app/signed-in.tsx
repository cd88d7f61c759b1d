import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { ChatProvider } from "@/features/chat/chat-context";
import { UploadsProvider } from "@/features/documents/uploads-context";
import { queryKeys } from "@/lib/queries/keys";
import { createSocketClient } from "@/lib/socket-client";
import type { ServerConfig, User } from "@/types/api";
import { useLiveUpdates } from "./live-updates";
import { Shell } from "./shell";

type SignedInProps = {
  user: User;
  /** False while the log-in page stands in front. */
  active: boolean;
  config: ServerConfig;
  onLogOut: () => void;
};

/** The application of one user: its socket, its running answers and uploads, its pages. */
export function SignedIn({ user, active, config, onLogOut }: SignedInProps) {
  const queryClient = useQueryClient();
  const [socket] = useState(() =>
    createSocketClient(() => {
      // The server turned the socket away: perhaps the session has ended.
      void queryClient.invalidateQueries({ queryKey: queryKeys.session });
    }),
  );

  useEffect(() => {
    if (!active) return undefined;
    socket.connect();
    return () => socket.disconnect();
  }, [socket, active]);

  useLiveUpdates(socket);

  return (
    <ChatProvider socket={socket} userId={user.id}>
      <UploadsProvider maxBytes={config.max_upload_bytes}>
        <Shell user={user} socket={socket} onLogOut={onLogOut} />
      </UploadsProvider>
    </ChatProvider>
  );
}
