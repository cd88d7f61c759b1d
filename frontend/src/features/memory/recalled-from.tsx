import { ChevronRight, History } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";
import { Button } from "@/components/ui/button";
import { formatDate } from "@/lib/format";
import { useForget } from "@/lib/queries/memory";
import { strings } from "@/lib/strings";
import { showError } from "@/lib/toasts";
import type { Memory } from "@/types/api";

/** The past messages an answer drew on, folded; each can be opened or forgotten. */
export function RecalledFrom({ memories }: { memories: readonly Memory[] }) {
  return (
    <details className="group mt-4 rounded-xl border border-line text-sm">
      <summary className="flex cursor-pointer list-none items-center gap-2 rounded-xl px-3 py-2 text-[0.8125rem] font-medium text-muted hover:text-text">
        <History className="size-4" aria-hidden />
        <span className="flex-1">{strings.memory.recalled(memories.length)}</span>
        <ChevronRight className="size-4 transition-transform group-open:rotate-90" aria-hidden />
      </summary>
      <ul className="border-t border-line px-3">
        {memories.map((memory) => (
          <MemoryItem key={memory.message_id} memory={memory} />
        ))}
      </ul>
    </details>
  );
}

export function MemoryItem({ memory }: { memory: Memory }) {
  const forget = useForget();
  const [forgotten, setForgotten] = useState(false);
  return (
    <li className="flex items-start gap-3 border-line py-2.5 not-first:border-t">
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <Link
            to={`/c/${memory.conversation_id}`}
            className="truncate font-medium text-accent-strong underline-offset-3 hover:underline"
          >
            {memory.conversation_title || strings.conversations.untitled}
          </Link>
          <span className="text-xs text-muted">{formatDate(memory.created_at)}</span>
        </p>
        <p className="mt-0.5 line-clamp-3 text-[0.8125rem] leading-relaxed text-muted">
          {memory.quote}
        </p>
      </div>
      {forgotten ? (
        <span className="py-1.5 text-xs text-muted" role="status">
          {strings.memory.forgotten}
        </span>
      ) : (
        <Button
          size="small"
          variant="ghost"
          disabled={forget.isPending}
          onClick={() =>
            forget.mutate(memory.message_id, {
              onSuccess: () => setForgotten(true),
              onError: showError,
            })
          }
        >
          {strings.memory.forget}
        </Button>
      )}
    </li>
  );
}
