import { type ApiError } from "@/lib/api-client";
import { formatBytes } from "@/lib/format";
import { createStore, type Store } from "@/lib/store";
import { strings } from "@/lib/strings";
import { uploadFile } from "@/lib/upload";
import type { DocumentRecord } from "@/types/api";

export type Upload = {
  id: string;
  file: File;
  state: "waiting" | "uploading" | "failed";
  sentBytes: number;
  /** Why it failed, in words. */
  reason: string | null;
  /** Whether the same file could succeed another time. */
  retryable: boolean;
};

type UploadOptions = {
  maxBytes: number;
  onUploaded: (document: DocumentRecord) => void;
  /** The server had these bytes already. */
  onDuplicate: (document: DocumentRecord) => void;
  onError: (error: ApiError) => void;
};

/** Files on their way to the server, a few at a time; those that arrived leave the list. */
export type Uploads = {
  store: Store<Upload[]>;
  add: (files: readonly File[]) => void;
  retry: (id: string) => void;
  /** Stops an upload, or takes a failed one off the list. */
  dismiss: (id: string) => void;
  dismissAll: () => void;
};

const AT_ONCE = 3;

export function createUploads(options: UploadOptions): Uploads {
  const store = createStore<Upload[]>([]);
  const aborts = new Map<string, () => void>();
  let lastId = 0;

  function patch(id: string, change: Partial<Upload>): void {
    store.set((uploads) =>
      uploads.map((upload) => (upload.id === id ? { ...upload, ...change } : upload)),
    );
  }

  function drop(id: string): void {
    aborts.delete(id);
    store.set((uploads) => uploads.filter((upload) => upload.id !== id));
  }

  function startWaiting(): void {
    const uploads = store.get();
    const free = AT_ONCE - uploads.filter(({ state }) => state === "uploading").length;
    const waiting = uploads.filter(({ state }) => state === "waiting");
    for (const upload of waiting.slice(0, Math.max(0, free))) begin(upload);
  }

  function begin({ id, file }: Upload): void {
    patch(id, { state: "uploading", sentBytes: 0 });
    const abort = uploadFile<{ document: DocumentRecord }>("/api/documents", file, {
      onProgress: (sentBytes) => patch(id, { sentBytes: Math.min(sentBytes, file.size) }),
      onSuccess: ({ document }, status) => {
        drop(id);
        if (status === 200) options.onDuplicate(document);
        else options.onUploaded(document);
        startWaiting();
      },
      onError: (error) => {
        aborts.delete(id);
        const retryable =
          error.status === 0 || error.status >= 500 || error.status === 429 || error.status === 401;
        patch(id, { state: "failed", reason: error.message, retryable });
        options.onError(error);
        startWaiting();
      },
    });
    aborts.set(id, abort);
  }

  function refusal(file: File): string | null {
    if (file.size > options.maxBytes) {
      return strings.documents.tooLarge(formatBytes(options.maxBytes));
    }
    return file.size === 0 ? strings.documents.emptyFile : null;
  }

  return {
    store,
    add(files) {
      const added = files.map((file): Upload => {
        const reason = refusal(file);
        return {
          id: String(++lastId),
          file,
          state: reason === null ? "waiting" : "failed",
          sentBytes: 0,
          reason,
          retryable: false,
        };
      });
      store.set((uploads) => [...uploads, ...added]);
      startWaiting();
    },
    retry(id) {
      patch(id, { state: "waiting", reason: null });
      startWaiting();
    },
    dismiss(id) {
      aborts.get(id)?.();
      drop(id);
      startWaiting();
    },
    dismissAll() {
      for (const abort of aborts.values()) abort();
      aborts.clear();
      store.set([]);
    },
  };
}
