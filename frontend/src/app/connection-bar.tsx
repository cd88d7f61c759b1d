import { WifiOff } from "lucide-react";
import { useEffect, useState } from "react";
import type { SocketClient } from "@/lib/socket-client";
import { useStore } from "@/lib/store";
import { strings } from "@/lib/strings";

/** A hiccup shorter than this is nobody's business. */
const GRACE_MS = 1_500;

export function ConnectionBar({ socket }: { socket: SocketClient }) {
  const lost = useStore(socket.connection, (state) => state === "lost");
  const [visible, setVisible] = useState(false);

  useEffect(() => {
    const timer = setTimeout(() => setVisible(lost), lost ? GRACE_MS : 0);
    return () => clearTimeout(timer);
  }, [lost]);

  return (
    <div role="status">
      {visible && (
        <p className="flex items-center justify-center gap-2 bg-warning-soft px-4 py-1.5 text-center text-[0.8125rem] text-warning">
          <WifiOff className="size-4 shrink-0" aria-hidden />
          {strings.shell.offline}
        </p>
      )}
    </div>
  );
}
