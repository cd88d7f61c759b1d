import { Spinner } from "@/components/ui/spinner";
import { useDocuments } from "@/lib/queries/documents";
import { useStore } from "@/lib/store";
import { strings } from "@/lib/strings";
import { isInProgress } from "./document-status";
import { useUploads } from "./uploads-context";

/** One line: how many documents can be asked, how many are still on their way. */
export function DocumentsSummary() {
  const documents = useDocuments().data ?? [];
  const uploading = useStore(useUploads().store).filter(({ state }) => state !== "failed");
  const searchable = documents.filter((document) => document.searchable).length;
  const preparing = documents.filter(isInProgress).length + uploading.length;
  const facts = [
    searchable > 0 ? strings.start.ready(searchable) : null,
    preparing > 0 ? strings.start.preparing(preparing) : null,
  ].filter((fact) => fact !== null);
  return (
    <p className="flex items-center justify-center gap-2 text-sm text-muted" role="status">
      {preparing > 0 && <Spinner />}
      {facts.join(" · ")}
    </p>
  );
}
