import { Check, ChevronDown, FolderPlus, Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import {
  Menu,
  MenuContent,
  MenuItem,
  MenuItemIndicator,
  MenuRadioGroup,
  MenuRadioItem,
  MenuSeparator,
  MenuTrigger,
} from "@/components/ui/menu";
import { useDeleteCollection } from "@/lib/queries/collections";
import { strings } from "@/lib/strings";
import { showError } from "@/lib/toasts";
import type { Collection, DocumentRecord } from "@/types/api";
import { CollectionNameDialog } from "./collection-name";

/** The value of the menu that stands for no filter; ids are never empty. */
const ALL = "";

type CollectionFilterProps = {
  collections: readonly Collection[];
  documents: readonly DocumentRecord[];
  /** Null shows all documents. */
  selected: Collection | null;
  onSelect: (collectionId: string | null) => void;
};

/** Chooses whose documents are listed; makes, renames and deletes collections. */
export function CollectionFilter({
  collections,
  documents,
  selected,
  onSelect,
}: CollectionFilterProps) {
  const [dialog, setDialog] = useState<"create" | "rename" | "delete" | null>(null);
  const remove = useDeleteCollection();
  const name = selected?.name ?? strings.collections.all;
  const close = () => setDialog(null);

  return (
    <>
      <Menu>
        <MenuTrigger
          aria-label={strings.collections.filter(name)}
          className="flex h-8 w-full cursor-pointer items-center gap-1.5 rounded-lg px-2.5 text-[0.8125rem] font-medium text-muted hover:bg-subtle hover:text-text data-[state=open]:bg-subtle"
        >
          <span className="truncate">{name}</span>
          <ChevronDown className="size-3.5 shrink-0" aria-hidden />
        </MenuTrigger>
        <MenuContent align="start" className="w-64">
          <MenuRadioGroup
            value={selected?.id ?? ALL}
            onValueChange={(value) => onSelect(value === ALL ? null : value)}
          >
            <FilterItem value={ALL} label={strings.collections.all} count={documents.length} />
            {collections.map(({ id, name: label }) => (
              <FilterItem
                key={id}
                value={id}
                label={label}
                count={documents.filter((document) => document.collection_ids.includes(id)).length}
              />
            ))}
          </MenuRadioGroup>
          <MenuSeparator />
          <MenuItem onSelect={() => setDialog("create")}>
            <FolderPlus aria-hidden />
            {strings.collections.create}
          </MenuItem>
          {selected && (
            <>
              <MenuItem onSelect={() => setDialog("rename")}>
                <Pencil aria-hidden />
                {strings.collections.rename}
              </MenuItem>
              <MenuItem danger onSelect={() => setDialog("delete")}>
                <Trash2 aria-hidden />
                {strings.collections.delete}
              </MenuItem>
            </>
          )}
        </MenuContent>
      </Menu>
      <CollectionNameDialog
        collection={dialog === "rename" ? selected : null}
        open={dialog === "create" || dialog === "rename"}
        onOpenChange={close}
        onSaved={({ id }) => {
          close();
          onSelect(id);
        }}
      />
      {selected && (
        <ConfirmDialog
          open={dialog === "delete"}
          onOpenChange={close}
          title={strings.collections.deleteTitle}
          text={strings.collections.deleteText(selected.name)}
          confirmLabel={strings.actions.delete}
          onConfirm={() => remove.mutate(selected.id, { onError: showError })}
        />
      )}
    </>
  );
}

type FilterItemProps = { value: string; label: string; count: number };

function FilterItem({ value, label, count }: FilterItemProps) {
  return (
    <MenuRadioItem value={value}>
      <span className="min-w-0 flex-1 truncate">{label}</span>
      <MenuItemIndicator>
        <Check aria-hidden />
      </MenuItemIndicator>
      <span className="text-xs text-muted tabular-nums">{count}</span>
    </MenuRadioItem>
  );
}
