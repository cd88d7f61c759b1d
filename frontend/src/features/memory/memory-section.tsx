import { type SubmitEvent, useState } from "react";
import { Button } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { Input } from "@/components/ui/field";
import { formatDate } from "@/lib/format";
import { useForgetAll, useMemorySearch, useMemoryStats } from "@/lib/queries/memory";
import { strings } from "@/lib/strings";
import { showError } from "@/lib/toasts";
import { MemoryItem } from "./recalled-from";

/** What is kept of past chats: how much, a search over it, and forgetting. */
export function MemorySection() {
  const stats = useMemoryStats().data;
  const forgetAll = useForgetAll();
  const [confirming, setConfirming] = useState(false);
  if (!stats) return null;
  return (
    <div className="flex flex-col gap-5">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="text-sm">
          {strings.memory.stats(stats.message_count, stats.conversation_count)}
          {stats.oldest !== null && (
            <span className="text-muted"> {strings.memory.since(formatDate(stats.oldest))}</span>
          )}
        </p>
        <Button
          size="small"
          disabled={stats.message_count === 0 || forgetAll.isPending}
          onClick={() => setConfirming(true)}
        >
          {strings.memory.forgetAll}
        </Button>
      </div>
      {stats.message_count > 0 && <MemorySearch />}
      <ConfirmDialog
        open={confirming}
        onOpenChange={setConfirming}
        title={strings.memory.forgetAllTitle}
        text={strings.memory.forgetAllText}
        confirmLabel={strings.memory.forgetAll}
        onConfirm={() => forgetAll.mutate(undefined, { onError: showError })}
      />
    </div>
  );
}

function MemorySearch() {
  const [query, setQuery] = useState("");
  const found = useMemorySearch(query).data;
  const search = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const value = new FormData(event.currentTarget).get("q");
    setQuery(typeof value === "string" ? value.trim() : "");
  };
  return (
    <div>
      <form role="search" onSubmit={search}>
        <Input
          name="q"
          type="search"
          aria-label={strings.memory.search}
          placeholder={strings.memory.search}
        />
      </form>
      {found && (
        <ul className="mt-2 text-sm">
          {found.map((memory) => (
            <MemoryItem key={memory.message_id} memory={memory} />
          ))}
        </ul>
      )}
      {found?.length === 0 && (
        <p className="mt-3 text-sm text-muted" role="status">
          {strings.memory.noMatch}
        </p>
      )}
    </div>
  );
}
