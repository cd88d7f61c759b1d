import { Plus } from "lucide-react";
import { useDocuments } from "@/lib/queries/documents";
import { useStore } from "@/lib/store";
import { strings } from "@/lib/strings";
import { DocumentItem } from "./document-item";
import { FilePicker } from "./file-picker";
import { UploadItem } from "./upload-item";
import { useUploads } from "./uploads-context";

type DocumentListProps = {
  activeId: string | null;
  onOpen: (documentId: string) => void;
};

/** Uploads on their way, then all documents, newest first. */
export function DocumentList({ activeId, onOpen }: DocumentListProps) {
  const uploads = useStore(useUploads().store);
  const { data: documents } = useDocuments();
  const isEmpty = documents?.length === 0 && uploads.length === 0;
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      <div className="px-3 pb-1">
        <FilePicker className="w-full border-line">
          <Plus aria-hidden />
          {strings.documents.add}
        </FilePicker>
      </div>
      <ul
        aria-label={strings.documents.list}
        className="scroll-quiet min-h-0 flex-1 overflow-y-auto px-2 pt-2 pb-3"
      >
        {uploads.map((upload) => (
          <UploadItem key={upload.id} upload={upload} />
        ))}
        {documents?.map((document) => (
          <DocumentItem
            key={document.id}
            document={document}
            active={document.id === activeId}
            onOpen={() => onOpen(document.id)}
          />
        ))}
        {isEmpty && <li className="px-2.5 pt-3 text-sm text-muted">{strings.documents.empty}</li>}
      </ul>
    </div>
  );
}
