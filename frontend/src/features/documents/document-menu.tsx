import { CircleStop, Download, Ellipsis, FolderOpen, RotateCw, Trash2 } from "lucide-react";
import { useState } from "react";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { Menu, MenuContent, MenuItem, MenuTrigger } from "@/components/ui/menu";
import {
  documentFileUrl,
  useCancelDocument,
  useDeleteDocument,
  useDocuments,
  useRetryDocument,
} from "@/lib/queries/documents";
import { strings } from "@/lib/strings";
import { showError } from "@/lib/toasts";
import type { DocumentRecord } from "@/types/api";
import { countUnpacked, isArchive, isInProgress } from "./document-status";

type DocumentMenuProps = { document: DocumentRecord; onShowCollections: () => void };

export function DocumentMenu({ document, onShowCollections }: DocumentMenuProps) {
  const [deleting, setDeleting] = useState(false);
  const cancel = useCancelDocument();
  const retry = useRetryDocument();
  const remove = useDeleteDocument();
  const canRetry = document.status === "failed" || document.status === "canceled";
  const { id, filename, source_path: sourcePath } = document;
  const documents = useDocuments().data ?? [];
  const unpacked = deleting && isArchive(document) ? countUnpacked(documents, id) : 0;

  return (
    <>
      <Menu>
        <MenuTrigger
          aria-label={strings.documents.actionsFor(filename)}
          className="absolute top-1.5 right-1 inline-flex size-7 cursor-pointer items-center justify-center rounded-md text-muted hover:text-text focus-visible:opacity-100 data-[state=open]:opacity-100 pointer-fine:opacity-0 pointer-fine:group-focus-within:opacity-100 pointer-fine:group-hover:opacity-100"
        >
          <Ellipsis className="size-4" aria-hidden />
        </MenuTrigger>
        <MenuContent align="end">
          {isInProgress(document) && (
            <MenuItem onSelect={() => cancel.mutate(id, { onError: showError })}>
              <CircleStop aria-hidden />
              {strings.documents.cancel}
            </MenuItem>
          )}
          {canRetry && (
            <MenuItem onSelect={() => retry.mutate(id, { onError: showError })}>
              <RotateCw aria-hidden />
              {strings.documents.retry}
            </MenuItem>
          )}
          <MenuItem asChild>
            <a href={documentFileUrl(id)} download={filename}>
              <Download aria-hidden />
              {strings.actions.download}
            </a>
          </MenuItem>
          <MenuItem onSelect={onShowCollections}>
            <FolderOpen aria-hidden />
            {strings.collections.menuItem}
          </MenuItem>
          <MenuItem danger onSelect={() => setDeleting(true)}>
            <Trash2 aria-hidden />
            {strings.actions.delete}
          </MenuItem>
        </MenuContent>
      </Menu>
      <ConfirmDialog
        open={deleting}
        onOpenChange={setDeleting}
        title={strings.documents.deleteTitle}
        text={
          unpacked > 0
            ? strings.documents.deleteArchiveText(filename, unpacked)
            : sourcePath
              ? strings.documents.deleteWatchedText(filename, sourcePath)
            : strings.documents.deleteText(filename)
        }
        confirmLabel={strings.actions.delete}
        onConfirm={() => remove.mutate(id, { onError: showError })}
      />
    </>
  );
}
