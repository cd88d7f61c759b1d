import { Plus } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { useCollections } from "@/lib/queries/collections";
import { useDocuments } from "@/lib/queries/documents";
import { createStore, useStore } from "@/lib/store";
import { strings } from "@/lib/strings";
import { CollectionFilter } from "./collection-filter";
import { CollectionsDialog } from "./collections-dialog";
import { DocumentItem } from "./document-item";
import { FilePicker } from "./file-picker";
import { SearchModelLine } from "./search-model-line";
import { UploadItem } from "./upload-item";
import { useUploads } from "./uploads-context";

type DocumentListProps = {
  activeId: string | null;
  onOpen: (documentId: string) => void;
};

/** The collection whose documents are listed; it outlives a look at the other tab. */
export const shownCollection = createStore<string | null>(null);

/** Uploads on their way, then the documents, newest first: all, or those of one collection. */
export function DocumentList({ activeId, onOpen }: DocumentListProps) {
  const uploads = useStore(useUploads().store);
  const { data: documents } = useDocuments();
  const collections = useCollections().data ?? [];
  const shownId = useStore(shownCollection);
  const selected = collections.find(({ id }) => id === shownId) ?? null;
  const shown = selected
    ? documents?.filter(({ collection_ids }) => collection_ids.includes(selected.id))
    : documents;
  const byId = useMemo(() => new Map(documents?.map((item) => [item.id, item])), [documents]);
  const [chosenId, setChosenId] = useState<string | null>(null);
  const chosen = documents?.find(({ id }) => id === chosenId);
  const isEmpty = shown?.length === 0 && uploads.length === 0;
  const uploading = uploads.length > 0;

  useEffect(() => {
    // What was just added is in no collection yet, and would be gone from sight once it is sent.
    if (uploading) shownCollection.set(null);
  }, [uploading]);

  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      <div className="flex flex-col gap-1 px-3 pb-1">
        <FilePicker className="w-full border-line">
          <Plus aria-hidden />
          {strings.documents.add}
        </FilePicker>
        {documents && (documents.length > 0 || collections.length > 0) && (
          <CollectionFilter
            collections={collections}
            documents={documents}
            selected={selected}
            onSelect={shownCollection.set}
          />
        )}
        <SearchModelLine />
      </div>
      <ul
        aria-label={strings.documents.list}
        className="scroll-quiet min-h-0 flex-1 overflow-y-auto px-2 pt-2 pb-3"
      >
        {uploads.map((upload) => (
          <UploadItem key={upload.id} upload={upload} />
        ))}
        {shown?.map((document) => (
          <DocumentItem
            key={document.id}
            document={document}
            archive={document.archive_id ? byId.get(document.archive_id) : undefined}
            active={document.id === activeId}
            onOpen={() => onOpen(document.id)}
            onShowCollections={() => setChosenId(document.id)}
          />
        ))}
        {isEmpty && (
          <li className="px-2.5 pt-3 text-sm text-muted">
            {selected ? strings.collections.empty : strings.documents.empty}
          </li>
        )}
      </ul>
      {/* Not in the item: taken out of the shown collection, that one goes. */}
      {chosen && <CollectionsDialog document={chosen} onClose={() => setChosenId(null)} />}
    </div>
  );
}
