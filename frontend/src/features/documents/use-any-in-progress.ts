import { useDocuments } from "@/lib/queries/documents";
import { useStore } from "@/lib/store";
import { isInProgress } from "./document-status";
import { useUploads } from "./uploads-context";

/** Whether any upload or document is still being worked on. */
export function useAnyInProgress(): boolean {
  const documents = useDocuments().data ?? [];
  const uploads = useStore(useUploads().store);
  return documents.some(isInProgress) || uploads.some(({ state }) => state !== "failed");
}
