import { useQueryClient } from "@tanstack/react-query";
import { Upload } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { FormError } from "@/components/ui/form-error";
import { ProgressBar } from "@/components/ui/progress-bar";
import type { ApiError } from "@/lib/api-client";
import { strings } from "@/lib/strings";
import { showError, showInfo } from "@/lib/toasts";
import { uploadFile } from "@/lib/upload";
import type { ImportReport } from "@/types/api";
import { ImportResult } from "./import-result";

type ImportState =
  | { step: "idle" }
  | { step: "sending"; filename: string; percent: number }
  | { step: "failed"; error: ApiError }
  | { step: "done"; report: ImportReport };

type ImportFormProps = { path: string; label: string; accept: string };

/** Sends one file and says what became of it. The server answers when all is done. */
export function ImportForm({ path, label, accept }: ImportFormProps) {
  const queryClient = useQueryClient();
  const inputRef = useRef<HTMLInputElement>(null);
  const abortRef = useRef<() => void>(() => undefined);
  const mountedRef = useRef(true);
  const [state, setState] = useState<ImportState>({ step: "idle" });
  const sending = state.step === "sending";

  useEffect(() => {
    mountedRef.current = true;
    return () => {
      mountedRef.current = false;
    };
  }, []);

  const start = (file: File) => {
    setState({ step: "sending", filename: file.name, percent: 0 });
    abortRef.current = uploadFile<ImportReport>(path, file, {
      onProgress: (sent) =>
        setState({
          step: "sending",
          filename: file.name,
          // What is sent holds a little more than the file.
          percent: Math.min(100, Math.round((100 * sent) / Math.max(1, file.size))),
        }),
      onSuccess: (report) => {
        setState({ step: "done", report });
        // It goes on while one looks elsewhere.
        if (!mountedRef.current) showInfo(strings.transfer.done);
        // Anything may be new.
        void queryClient.invalidateQueries();
      },
      onError: (error) => {
        setState({ step: "failed", error });
        if (!mountedRef.current) showError(error);
      },
    });
  };

  const cancel = () => {
    abortRef.current();
    setState({ step: "idle" });
  };

  return (
    <div className="flex flex-col gap-3">
      <input
        ref={inputRef}
        type="file"
        className="sr-only"
        tabIndex={-1}
        aria-label={label}
        accept={accept}
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file) start(file);
          // The same file may be chosen again.
          event.target.value = "";
        }}
      />
      {sending ? (
        <div className="rounded-xl border border-line bg-surface px-4 py-3">
          <div className="mb-2 flex items-center gap-3 text-sm">
            <p role="status" className="min-w-0 flex-1 break-words">
              {state.percent < 100
                ? strings.transfer.uploading(state.filename, state.percent)
                : strings.transfer.working(state.filename)}
            </p>
            {state.percent < 100 && (
              <Button size="small" onClick={cancel}>
                {strings.actions.cancel}
              </Button>
            )}
          </div>
          <ProgressBar
            label={strings.transfer.progress}
            percent={state.percent < 100 ? state.percent : null}
          />
        </div>
      ) : (
        <Button
          className="self-start"
          aria-label={strings.transfer.chooseFor(label)}
          onClick={() => inputRef.current?.click()}
        >
          <Upload aria-hidden />
          {strings.transfer.choose}
        </Button>
      )}
      {state.step === "failed" && <FormError error={state.error} />}
      {state.step === "done" && <ImportResult report={state.report} />}
    </div>
  );
}
