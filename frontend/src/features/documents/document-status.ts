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

/** Whole percent of the current stage, or null when it cannot be counted. */
export function progressPercent({ progress }: DocumentRecord): number | null {
  if (!progress || progress.total <= 0) return null;
  return Math.min(100, Math.floor((100 * progress.done) / progress.total));
}

export function stageSentence(document: DocumentRecord): string {
  if (document.status === "queued" && document.queue_position != null) {
    return strings.documents.queuedAt(document.queue_position);
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
