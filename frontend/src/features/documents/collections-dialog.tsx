import { useState } from "react";
import { Button } from "@/components/ui/button";
import { CheckboxRow } from "@/components/ui/checkbox-row";
import { Dialog } from "@/components/ui/dialog";
import { Input } from "@/components/ui/field";
import { FormError } from "@/components/ui/form-error";
import { useCollections, useCreateCollection, useSetMembership } from "@/lib/queries/collections";
import { strings } from "@/lib/strings";
import type { DocumentRecord } from "@/types/api";
import { COLLECTION_NAME_LENGTH } from "./collection-name";

type CollectionsDialogProps = { document: DocumentRecord; onClose: () => void };

/** Puts one document in collections and takes it out of them. */
export function CollectionsDialog({ document, onClose }: CollectionsDialogProps) {
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={strings.collections.ofDocument(document.filename)}
      className="max-w-md break-words"
    >
      <CollectionChoices document={document} />
    </Dialog>
  );
}

function CollectionChoices({ document }: { document: DocumentRecord }) {
  const { data: collections } = useCollections();
  const setMembership = useSetMembership();
  const change = (collectionId: string, member: boolean) =>
    setMembership.mutate({ document, collectionId, member });

  return (
    <>
      {collections?.length === 0 && (
        <p className="text-sm text-muted">{strings.collections.none}</p>
      )}
      <ul
        aria-label={strings.collections.list}
        className="scroll-quiet -mx-2 max-h-72 overflow-y-auto"
      >
        {collections?.map(({ id, name }) => (
          <CheckboxRow
            key={id}
            label={name}
            checked={document.collection_ids.includes(id)}
            onCheckedChange={(member) => change(id, member)}
          />
        ))}
      </ul>
      <NewCollectionForm onCreated={(id) => change(id, true)} />
    </>
  );
}

function NewCollectionForm({ onCreated }: { onCreated: (collectionId: string) => void }) {
  const create = useCreateCollection();
  const [name, setName] = useState("");
  return (
    <form
      className="mt-4 flex flex-col gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate(name, {
          onSuccess: ({ id }) => {
            setName("");
            onCreated(id);
          },
        });
      }}
    >
      <div className="flex gap-2">
        <Input
          className="h-9 text-sm"
          aria-label={strings.collections.newName}
          placeholder={strings.collections.newName}
          maxLength={COLLECTION_NAME_LENGTH}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <Button type="submit" disabled={name.trim() === "" || create.isPending}>
          {strings.collections.add}
        </Button>
      </div>
      <FormError error={create.error} />
    </form>
  );
}
