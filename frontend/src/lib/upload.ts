import { type ApiError, connectionError, parseApiError } from "./api-client";

export type UploadHandlers<T> = {
  onProgress: (sentBytes: number) => void;
  /** `status` tells a new resource (202) from one the server already had (200). */
  onSuccess: (body: T, status: number) => void;
  onError: (error: ApiError) => void;
};

/** Sends one file; `fetch` cannot report upload progress, XMLHttpRequest can. Returns how to abort. */
export function uploadFile<T>(path: string, file: File, handlers: UploadHandlers<T>): () => void {
  const request = new XMLHttpRequest();
  request.open("POST", path);
  request.upload.addEventListener("progress", (event) => handlers.onProgress(event.loaded));
  request.addEventListener("error", () => handlers.onError(connectionError("network")));
  request.addEventListener("load", () => {
    if (request.status >= 200 && request.status < 300) {
      handlers.onSuccess(JSON.parse(request.responseText) as T, request.status);
    } else {
      handlers.onError(parseApiError(request.status, request.responseText));
    }
  });
  const form = new FormData();
  form.append("file", file, file.name);
  request.send(form);
  return () => request.abort();
}
