import { strings } from "@/lib/strings";
import type { DocumentRecord } from "@/types/api";

const STAGE_WORDS: Record<DocumentRecord["status"], string> = {
  queued: strings.documents.queued,
  extracting: strings.documents.extracting,
  embedding: strings.documents.embedding,
  ready: strings.documents.ready,
  failed: strings.documents.failed,
  canceled: strings.documents.canceled,
};

/** Whether the server is still working on it. */
export function isInProgress({ status }: DocumentRecord): boolean {
  return status === "queued" || status === "extracting" || status === "embedding";
}

/** Whether it is unpacked into documents of their own. */
export function isArchive({ media_type }: DocumentRecord): boolean {
  return media_type === "application/zip";
}

/** How many of the documents came from this one, also by way of archives inside it. */
export function countUnpacked(documents: readonly DocumentRecord[], archiveId: string): number {
  const archives = new Set([archiveId]);
  // Once more as long as something was found: archives may stand behind what came from them.
  for (let before = 0; before < archives.size; ) {
    before = archives.size;
    for (const { id, archive_id } of documents) {
      if (archive_id != null && archives.has(archive_id)) archives.add(id);
    }
  }
  return archives.size - 1;
}

/** Whole percent of the current stage, or null when it cannot be counted. */
export function progressPercent({ progress }: DocumentRecord): number | null {
  if (!progress || progress.total <= 0) return null;
  return Math.min(100, Math.floor((100 * progress.done) / progress.total));
}

export function stageSentence(document: DocumentRecord): string {
  if (document.status === "queued" && document.queue_position != null) {
    return strings.documents.queuedAt(document.queue_position);
  }
  const { progress } = document;
  if (isArchive(document) && document.status === "extracting" && progress) {
    return strings.documents.unpacking(progress.done, progress.total);
  }
  const stage = STAGE_WORDS[document.status];
  const percent = progressPercent(document);
  return percent === null ? stage : strings.documents.percent(stage, percent);
}

/** How long the present stage will go on, or null while nobody can tell. */
export function timeLeft({ status, eta_seconds: seconds }: DocumentRecord): string | null {
  const running = status === "extracting" || status === "embedding";
  if (!running || seconds == null) return null;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1) return strings.documents.underAMinuteLeft;
  if (minutes < 60) return strings.documents.minutesLeft(minutes);
  return strings.documents.hoursLeft(Math.round(minutes / 60));
}
