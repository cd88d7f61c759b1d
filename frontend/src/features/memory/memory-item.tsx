import { Link } from "react-router";
import { Button } from "@/components/ui/button";
import { formatDate } from "@/lib/format";
import { useForget } from "@/lib/queries/memory";
import { strings } from "@/lib/strings";
import { showError } from "@/lib/toasts";
import { turnPath } from "@/lib/turn-path";
import type { Memory } from "@/types/api";

/** What was said, where and when; the link opens the conversation there. */
export function MemoryItem({ memory }: { memory: Memory }) {
  const forget = useForget();
  const forgotten = memory.forgotten === true || forget.isSuccess;
  const title = memory.conversation_title || strings.conversations.untitled;
  return (
    <li className="flex items-start gap-3 border-line py-2.5 not-first:border-t">
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <Link
            to={turnPath(memory.conversation_id, memory.message_id)}
            className="truncate font-medium text-accent-strong underline-offset-3 hover:underline"
          >
            {title}
          </Link>
          <span className="text-xs text-muted">
            {strings.memory.saidBy(memory.role)}, {formatDate(memory.created_at)}
          </span>
        </p>
        {memory.quote !== "" && !forgotten && (
          <blockquote className="mt-0.5 line-clamp-4 text-[0.8125rem] leading-relaxed break-words whitespace-pre-line text-muted">
            {memory.quote}
          </blockquote>
        )}
      </div>
      {forgotten ? (
        <span className="py-1.5 text-xs text-muted" role="status">
          {strings.memory.forgotten}
        </span>
      ) : (
        <Button
          size="small"
          variant="ghost"
          aria-label={strings.memory.forgetFrom(title, formatDate(memory.created_at))}
          disabled={forget.isPending}
          onClick={() => forget.mutate({ messageId: memory.message_id }, { onError: showError })}
        >
          {strings.memory.forget}
        </Button>
      )}
    </li>
  );
}
