import { vi } from "vitest";

/** The XMLHttpRequests made, each to be answered by the test. */
export class FakeUpload extends EventTarget {
  static sent: FakeUpload[] = [];

  readonly upload = new EventTarget();
  status = 0;
  responseText = "";
  aborted = false;
  url = "";
  file: File | null = null;

  open(_method: string, url: string): void {
    this.url = url;
  }

  send(form: FormData): void {
    this.file = form.get("file") as File;
    FakeUpload.sent.push(this);
  }

  abort(): void {
    this.aborted = true;
  }

  progress(loaded: number): void {
    this.upload.dispatchEvent(Object.assign(new Event("progress"), { loaded }));
  }

  answer(status: number, body: unknown): void {
    this.status = status;
    this.responseText = JSON.stringify(body);
    this.dispatchEvent(new Event("load"));
  }

  loseConnection(): void {
    this.dispatchEvent(new Event("error"));
  }
}

export function fakeUploads(): FakeUpload[] {
  FakeUpload.sent = [];
  vi.stubGlobal("XMLHttpRequest", FakeUpload);
  return FakeUpload.sent;
}
