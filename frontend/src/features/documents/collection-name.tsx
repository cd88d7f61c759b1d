import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { FormError } from "@/components/ui/form-error";
import { useCreateCollection, useRenameCollection } from "@/lib/queries/collections";
import { strings } from "@/lib/strings";
import type { Collection } from "@/types/api";

export const COLLECTION_NAME_LENGTH = 100;

type CollectionNameDialogProps = {
  /** The one to rename; without it a new one is made. */
  collection: Collection | null;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  onSaved: (collection: Collection) => void;
};

/** Asks for the name of a new collection, or another name for an old one. */
export function CollectionNameDialog({
  collection,
  open,
  onOpenChange,
  onSaved,
}: CollectionNameDialogProps) {
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={collection ? strings.collections.renameTitle : strings.collections.createTitle}
      className="max-w-sm"
    >
      <CollectionNameForm collection={collection} onSaved={onSaved} />
    </Dialog>
  );
}

type CollectionNameFormProps = Pick<CollectionNameDialogProps, "collection" | "onSaved">;

function CollectionNameForm({ collection, onSaved }: CollectionNameFormProps) {
  const [name, setName] = useState(collection?.name ?? "");
  const create = useCreateCollection();
  const rename = useRenameCollection();
  const save = () => {
    if (!collection) create.mutate(name, { onSuccess: onSaved });
    else {
      rename.mutate(
        { id: collection.id, name },
        { onSuccess: (answer) => onSaved(answer.collection) },
      );
    }
  };
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <Field
        label={strings.collections.name}
        maxLength={COLLECTION_NAME_LENGTH}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <FormError error={create.error ?? rename.error} />
      <Button
        type="submit"
        variant="primary"
        className="self-end"
        disabled={name.trim() === "" || create.isPending || rename.isPending}
      >
        {collection ? strings.actions.save : strings.collections.add}
      </Button>
    </form>
  );
}
