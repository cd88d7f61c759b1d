import { CircleAlert, FileArchive, FileText } from "lucide-react";
import { ProgressBar } from "@/components/ui/progress-bar";
import { cn } from "@/lib/class-names";
import { formatBytes } from "@/lib/format";
import { strings } from "@/lib/strings";
import type { DocumentRecord } from "@/types/api";
import { DocumentMenu } from "./document-menu";
import {
  isArchive,
  isInProgress,
  progressPercent,
  stageSentence,
  timeLeft,
} from "./document-status";

type DocumentItemProps = {
  document: DocumentRecord;
  /** The archive it came from, if that is still there. */
  archive?: DocumentRecord;
  active: boolean;
  onOpen: () => void;
  onShowCollections: () => void;
};

export function DocumentItem({
  document,
  archive,
  active,
  onOpen,
  onShowCollections,
}: DocumentItemProps) {
  const failed = document.status === "failed";
  const origin = archive?.filename ?? document.source_path;
  const Icon = failed ? CircleAlert : isArchive(document) ? FileArchive : FileText;
  return (
    <li
      className={cn("group relative rounded-lg hover:bg-subtle", active && "bg-subtle")}
      data-testid="document"
      data-status={document.status}
    >
      <button
        type="button"
        onClick={onOpen}
        aria-label={strings.documents.open(document.filename)}
        aria-describedby={`document-${document.id}`}
        className="flex w-full cursor-pointer items-start gap-2.5 rounded-lg py-2 pr-9 pl-2.5 text-left"
      >
        <Icon
          className={cn("mt-0.5 size-4 shrink-0", failed ? "text-danger" : "text-muted")}
          aria-hidden
        />
        <span className="min-w-0 flex-1">
          <span className="block truncate text-sm" title={document.filename}>
            {document.filename}
          </span>
          <span id={`document-${document.id}`} className="mt-0.5 block text-xs text-muted">
            <DocumentState document={document} />
            {origin && (
              <span className="block truncate" title={origin}>
                {strings.documents.from(origin)}
              </span>
            )}
          </span>
        </span>
      </button>
      {isInProgress(document) && (
        <ProgressBar
          className="mr-3 mb-2.5 ml-9"
          label={strings.documents.progressOf(document.filename)}
          percent={document.status === "queued" ? 0 : progressPercent(document)}
        />
      )}
      <DocumentMenu document={document} onShowCollections={onShowCollections} />
    </li>
  );
}

function DocumentState({ document }: { document: DocumentRecord }) {
  if (document.status === "failed") {
    return (
      <span className="leading-snug text-danger">
        {document.error?.message ?? strings.documents.failedWithoutReason}
      </span>
    );
  }
  const facts = [
    document.status === "ready" ? null : stageSentence(document),
    timeLeft(document),
    document.page_count === null ? null : strings.documents.pages(document.page_count),
    formatBytes(document.size_bytes),
  ].filter((fact) => fact !== null);
  return (
    <>
      <span className="block truncate tabular-nums">{facts.join(" · ")}</span>
      {isInProgress(document) && document.searchable && (
        <span className="block font-medium text-accent-strong">{strings.documents.searchable}</span>
      )}
    </>
  );
}
