import { Check, Files } from "lucide-react";
import { Checkbox, Popover } from "radix-ui";
import { useId, useState } from "react";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/field";
import { cn } from "@/lib/class-names";
import { useDocuments } from "@/lib/queries/documents";
import { strings } from "@/lib/strings";
import type { DocumentRecord } from "@/types/api";

const FILTER_FROM = 8;

type DocumentScopeProps = {
  /** Empty means all. */
  documentIds: readonly string[];
  onChange: (documentIds: string[]) => void;
};

/** The chip that says, and lets choose, which documents are asked. */
export function DocumentScope({ documentIds, onChange }: DocumentScopeProps) {
  const documents = useDocuments().data ?? [];
  const chosen = documentIds.filter((id) => documents.some((document) => document.id === id));
  const onlyChosen = documents.find(({ id }) => chosen.length === 1 && id === chosen[0]);
  const label =
    documentIds.length === 0
      ? strings.chat.scopeAll
      : (onlyChosen?.filename ?? strings.chat.scopeSome(chosen.length));

  return (
    <Popover.Root>
      <Popover.Trigger
        className={cn(
          "inline-flex h-8 max-w-44 min-w-0 cursor-pointer items-center gap-1.5 rounded-lg px-2 text-[0.8125rem] font-medium hover:bg-subtle data-[state=open]:bg-subtle",
          documentIds.length === 0 ? "text-muted hover:text-text" : "text-accent-strong",
        )}
        aria-label={`${strings.chat.scopeTitle}: ${label}`}
      >
        <Files className="size-4 shrink-0" aria-hidden />
        <span className={cn("truncate", documentIds.length === 0 && "hidden @md/composer:inline")}>
          {label}
        </span>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="start"
          side="top"
          sideOffset={8}
          collisionPadding={12}
          className="popover z-50 flex max-h-96 w-80 max-w-[calc(100vw-1.5rem)] flex-col p-2"
          aria-label={strings.chat.scopeTitle}
        >
          <DocumentChoices documents={documents} documentIds={chosen} onChange={onChange} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

type DocumentChoicesProps = DocumentScopeProps & { documents: readonly DocumentRecord[] };

function DocumentChoices({ documents, documentIds, onChange }: DocumentChoicesProps) {
  const [filter, setFilter] = useState("");
  const needle = filter.trim().toLowerCase();
  const shown = documents.filter(
    ({ id, filename, status }) =>
      filename.toLowerCase().includes(needle) &&
      ((status !== "failed" && status !== "canceled") || documentIds.includes(id)),
  );
  const toggle = (id: string, checked: boolean) =>
    onChange(checked ? [...documentIds, id] : documentIds.filter((known) => known !== id));

  return (
    <>
      <div className="flex h-8 items-center justify-between gap-2 pl-2">
        <p className="text-xs font-medium text-muted">{strings.chat.scopeTitle}</p>
        {documentIds.length > 0 && (
          <Button variant="ghost" size="small" className="h-7 px-2" onClick={() => onChange([])}>
            {strings.chat.scopeReset}
          </Button>
        )}
      </div>
      {documents.length >= FILTER_FROM && (
        <Input
          type="search"
          className="my-1 h-9 text-sm"
          aria-label={strings.chat.scopeFilter}
          placeholder={strings.chat.scopeFilter}
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
      )}
      <ul className="scroll-quiet min-h-0 overflow-y-auto">
        {shown.map(({ id, filename }) => (
          <DocumentChoice
            key={id}
            filename={filename}
            checked={documentIds.includes(id)}
            onCheckedChange={(checked) => toggle(id, checked)}
          />
        ))}
      </ul>
      {needle === "" && shown.length === 0 && (
        <p className="px-2 py-1.5 text-sm text-muted">{strings.chat.scopeNone}</p>
      )}
    </>
  );
}

type DocumentChoiceProps = {
  filename: string;
  checked: boolean;
  onCheckedChange: (checked: boolean) => void;
};

function DocumentChoice({ filename, checked, onCheckedChange }: DocumentChoiceProps) {
  const id = useId();
  return (
    <li className="flex min-h-9 items-center gap-2.5 rounded-md px-2 hover:bg-subtle">
      <Checkbox.Root
        id={id}
        checked={checked}
        onCheckedChange={(state) => onCheckedChange(state === true)}
        className="flex size-4.5 shrink-0 cursor-pointer items-center justify-center rounded border border-line-strong bg-surface data-[state=checked]:border-accent data-[state=checked]:bg-accent"
      >
        <Checkbox.Indicator>
          <Check className="size-3.5 text-on-accent" aria-hidden />
        </Checkbox.Indicator>
      </Checkbox.Root>
      <label htmlFor={id} className="min-w-0 flex-1 cursor-pointer truncate py-1.5 text-sm">
        {filename}
      </label>
    </li>
  );
}
