import { ChevronRight, History, TriangleAlert } from "lucide-react";
import { strings } from "@/lib/strings";
import type { Message } from "@/types/api";
import { MemoryItem } from "./memory-item";

/** The past messages an answer drew on, folded; each can be opened or forgotten. */
export function RecalledFrom({ message: { memories, memories_state } }: { message: Message }) {
  if (memories_state === "unavailable") {
    return (
      <p className="mt-4 flex items-start gap-2 text-[0.8125rem] leading-relaxed text-muted">
        <TriangleAlert className="mt-0.5 size-4 shrink-0" aria-hidden />
        {strings.memory.unavailable}
      </p>
    );
  }
  if (memories.length === 0) return null;
  return (
    <details className="group mt-4 rounded-xl border border-line text-sm">
      <summary className="flex cursor-pointer list-none items-center gap-2 rounded-xl px-3 py-2 text-[0.8125rem] font-medium text-muted hover:text-text">
        <History className="size-4 shrink-0" aria-hidden />
        <span className="flex-1">{strings.memory.recalled(memories.length)}</span>
        <ChevronRight
          className="size-4 shrink-0 transition-transform group-open:rotate-90"
          aria-hidden
        />
      </summary>
      <ul className="border-t border-line px-3">
        {memories.map((memory) => (
          <MemoryItem key={`${memory.message_id}:${memory.start}`} memory={memory} />
        ))}
      </ul>
    </details>
  );
}
