import { Download } from "lucide-react";
import { type SubmitEvent, useId, useState } from "react";
import { Button } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { Input } from "@/components/ui/field";
import { FormError } from "@/components/ui/form-error";
import { Switch } from "@/components/ui/switch";
import { formatDate } from "@/lib/format";
import {
  type Forgettable,
  MEMORY_EXPORT_URL,
  useForget,
  useMemorySearch,
  useMemoryState,
  useMemoryStats,
} from "@/lib/queries/memory";
import { useChangePreferences } from "@/lib/queries/preferences";
import { strings } from "@/lib/strings";
import { showError, showInfo } from "@/lib/toasts";
import { MemoryItem } from "./memory-item";

/** What is kept of past chats: whether at all, how much, a search over it, and forgetting. */
export function MemorySection() {
  const { data: stats, error } = useMemoryStats();
  return (
    <div className="flex flex-col gap-7">
      <UserSwitch />
      <FormError error={error} />
      {stats && (
        <div className="flex flex-wrap items-center justify-between gap-3">
          <p className="text-sm">
            {strings.memory.stats(stats.message_count, stats.conversation_count)}
            {stats.oldest !== null && (
              <span className="text-muted"> {strings.memory.since(formatDate(stats.oldest))}</span>
            )}
          </p>
          {stats.message_count > 0 && (
            <Button asChild size="small">
              <a href={MEMORY_EXPORT_URL} download="memory.json">
                <Download aria-hidden />
                {strings.memory.export}
              </a>
            </Button>
          )}
        </div>
      )}
      {stats && stats.message_count > 0 && (
        <>
          <MemorySearch />
          <Forgetting />
        </>
      )}
    </div>
  );
}

function UserSwitch() {
  const state = useMemoryState();
  const change = useChangePreferences();
  const id = useId();
  if (state === null) return null;
  const hint = state === "off-here" ? strings.memory.offHere : strings.memory.switchHint;
  return (
    <div className="flex items-start gap-4 rounded-xl border border-line bg-surface px-4 py-3.5">
      <div className="min-w-0 flex-1 text-sm">
        <label htmlFor={id} className="font-medium">
          {strings.memory.switch}
        </label>
        <p id={`${id}-hint`} className="mt-0.5 text-[0.8125rem] leading-relaxed text-muted">
          {hint}
        </p>
      </div>
      <Switch
        id={id}
        className="mt-0.5"
        aria-describedby={`${id}-hint`}
        checked={state === "on"}
        disabled={state === "off-here" || change.isPending}
        onCheckedChange={(memory_enabled) => change.mutate({ memory_enabled }, { onError: showError })}
      />
    </div>
  );
}

function MemorySearch() {
  const [query, setQuery] = useState("");
  const { data: found, error } = useMemorySearch(query);
  const search = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const value = new FormData(event.currentTarget).get("q");
    setQuery(typeof value === "string" ? value.trim() : "");
  };
  return (
    <div>
      <form role="search" className="flex gap-2" onSubmit={search}>
        <Input
          name="q"
          type="search"
          maxLength={300}
          aria-label={strings.memory.search}
          placeholder={strings.memory.search}
        />
        <Button type="submit" className="h-10">
          {strings.search.submit}
        </Button>
      </form>
      <FormError error={error} />
      {found && found.length > 0 && (
        <ul className="mt-2 text-sm">
          {found.map((memory) => (
            <MemoryItem key={`${memory.message_id}:${memory.start}`} memory={memory} />
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

/** All before a day, or everything; asked twice, since it cannot be undone. */
function Forgetting() {
  const forget = useForget();
  const [day, setDay] = useState("");
  const [confirming, setConfirming] = useState<Forgettable | null>(null);
  const id = useId();
  const everything = confirming === "everything";

  const confirm = () => {
    if (confirming === null) return;
    forget.mutate(confirming, {
      onSuccess: () => showInfo(strings.memory.forgotten),
      onError: showError,
    });
  };

  return (
    <div className="flex flex-wrap items-end justify-between gap-4 border-t border-line pt-5">
      <form
        className="flex flex-wrap items-end gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          setConfirming({ before: startOfDay(day) });
        }}
      >
        <div>
          <label htmlFor={id} className="mb-1.5 block text-sm font-medium">
            {strings.memory.before}
          </label>
          <Input
            id={id}
            type="date"
            className="h-9 w-40 text-sm"
            value={day}
            onChange={(event) => setDay(event.target.value)}
          />
        </div>
        <Button type="submit" disabled={day === "" || forget.isPending}>
          {strings.memory.forget}
        </Button>
      </form>
      <Button disabled={forget.isPending} onClick={() => setConfirming("everything")}>
        {strings.memory.forgetAll}
      </Button>
      <ConfirmDialog
        open={confirming !== null}
        onOpenChange={(open) => {
          if (!open) setConfirming(null);
        }}
        title={
          everything
            ? strings.memory.forgetAllTitle
            : strings.memory.forgetBeforeTitle(day === "" ? "" : formatDate(startOfDay(day)))
        }
        text={strings.memory.forgetAllText}
        confirmLabel={everything ? strings.memory.forgetAll : strings.memory.forget}
        onConfirm={confirm}
      />
    </div>
  );
}

/** The first moment of a day ("2026-11-22") where the reader is. */
function startOfDay(day: string): string {
  return new Date(`${day}T00:00`).toISOString();
}
