import { Files } from "lucide-react";
import { Popover } from "radix-ui";
import { useState } from "react";
import { Button } from "@/components/ui/button";
import { CheckboxRow } from "@/components/ui/checkbox-row";
import { Input } from "@/components/ui/field";
import { cn } from "@/lib/class-names";
import { useCollections } from "@/lib/queries/collections";
import { useDocuments } from "@/lib/queries/documents";
import { strings } from "@/lib/strings";
import type { Collection, Conversation, DocumentRecord } from "@/types/api";

const FILTER_FROM = 8;

/** Both empty means all documents. */
type Scope = Pick<Conversation, "document_ids" | "collection_ids">;

type DocumentScopeProps = { scope: Scope; onChange: (scope: Scope) => void };

/** The chip that says, and lets choose, which documents and collections are asked. */
export function DocumentScope({ scope, onChange }: DocumentScopeProps) {
  const documents = useDocuments().data;
  const collections = useCollections().data;
  const all = isAll(scope);
  const label = scopeLabel(scope, documents ?? [], collections ?? []);

  return (
    <Popover.Root>
      <Popover.Trigger
        className={cn(
          "inline-flex h-8 max-w-44 min-w-0 cursor-pointer items-center gap-1.5 rounded-lg px-2 text-[0.8125rem] font-medium hover:bg-subtle data-[state=open]:bg-subtle",
          all ? "text-muted hover:text-text" : "text-accent-strong",
        )}
        aria-label={`${strings.chat.scopeTitle}: ${label}`}
      >
        <Files className="size-4 shrink-0" aria-hidden />
        <span className={cn("truncate", all && "hidden @md/composer:inline")}>{label}</span>
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
          {documents && collections && (
            <ScopeChoices
              scope={scope}
              documents={documents}
              collections={collections}
              onChange={onChange}
            />
          )}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function isAll({ document_ids, collection_ids }: Scope): boolean {
  return document_ids.length === 0 && collection_ids.length === 0;
}

function scopeLabel(
  scope: Scope,
  documents: readonly DocumentRecord[],
  collections: readonly Collection[],
): string {
  if (isAll(scope)) return strings.chat.scopeAll;
  const names = [
    ...chosenFrom(collections, scope.collection_ids).map(({ name }) => name),
    ...chosenFrom(documents, scope.document_ids).map(({ filename }) => filename),
  ];
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  const collectionCount = chosenFrom(collections, scope.collection_ids).length;
  return strings.chat.scopeSome(collectionCount, names.length - collectionCount);
}

/** Leaves out what has been deleted since it was chosen. */
function chosenFrom<T extends { id: string }>(items: readonly T[], ids: readonly string[]): T[] {
  return items.filter(({ id }) => ids.includes(id));
}

type ScopeChoicesProps = DocumentScopeProps & {
  documents: readonly DocumentRecord[];
  collections: readonly Collection[];
};

function ScopeChoices({ scope, documents, collections, onChange }: ScopeChoicesProps) {
  const [filter, setFilter] = useState("");
  const needle = filter.trim().toLowerCase();
  const chosen: Scope = {
    collection_ids: chosenFrom(collections, scope.collection_ids).map(({ id }) => id),
    document_ids: chosenFrom(documents, scope.document_ids).map(({ id }) => id),
  };
  const shownCollections = collections.filter(({ name }) => name.toLowerCase().includes(needle));
  const shownDocuments = documents.filter(
    ({ id, filename, status }) =>
      filename.toLowerCase().includes(needle) &&
      ((status !== "failed" && status !== "canceled") || chosen.document_ids.includes(id)),
  );
  const toggle = (kind: keyof Scope, id: string, checked: boolean) =>
    onChange({
      ...chosen,
      [kind]: checked ? [...chosen[kind], id] : chosen[kind].filter((known) => known !== id),
    });

  return (
    <>
      <div className="flex h-8 items-center justify-between gap-2 pl-2">
        <p className="text-xs font-medium text-muted">{strings.chat.scopeTitle}</p>
        {!isAll(scope) && (
          <Button
            variant="ghost"
            size="small"
            className="h-7 px-2"
            onClick={() => onChange({ document_ids: [], collection_ids: [] })}
          >
            {strings.chat.scopeReset}
          </Button>
        )}
      </div>
      {documents.length + collections.length >= FILTER_FROM && (
        <Input
          type="search"
          className="my-1 h-9 shrink-0 text-sm"
          aria-label={strings.chat.scopeFilter}
          placeholder={strings.chat.scopeFilter}
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
      )}
      <div className="scroll-quiet min-h-0 overflow-y-auto">
        {shownCollections.length > 0 && (
          <ul aria-label={strings.chat.scopeCollections} className="mb-1 border-b border-line pb-1">
            {shownCollections.map(({ id, name }) => (
              <CheckboxRow
                key={id}
                label={name}
                checked={chosen.collection_ids.includes(id)}
                onCheckedChange={(checked) => toggle("collection_ids", id, checked)}
              />
            ))}
          </ul>
        )}
        <ul aria-label={strings.chat.scopeDocuments}>
          {shownDocuments.map(({ id, filename }) => (
            <CheckboxRow
              key={id}
              label={filename}
              checked={chosen.document_ids.includes(id)}
              onCheckedChange={(checked) => toggle("document_ids", id, checked)}
            />
          ))}
        </ul>
      </div>
      {needle === "" && shownDocuments.length === 0 && (
        <p className="px-2 py-1.5 text-sm text-muted">{strings.chat.scopeNone}</p>
      )}
    </>
  );
}
