import { ApiError, errorSentence } from "./api-client";
import { createStore } from "./store";

export type Toast = { id: number; kind: "error" | "info"; message: string };

export const toastStore = createStore<Toast[]>([]);

let lastId = 0;

function show(kind: Toast["kind"], message: string): void {
  const id = ++lastId;
  toastStore.set((toasts) => [
    ...toasts.filter((toast) => toast.message !== message),
    { id, kind, message },
  ]);
}

export function showInfo(message: string): void {
  show("info", message);
}

/** Shows the server's sentence. An expired session is not a toast: the log-in page appears. */
export function showError(error: unknown): void {
  if (error instanceof ApiError && error.status === 401) return;
  show("error", typeof error === "string" ? error : errorSentence(error));
}

export function dismissToast(id: number): void {
  toastStore.set((toasts) => toasts.filter((toast) => toast.id !== id));
}
