import { FileUp } from "lucide-react";
import { formatBytes } from "@/lib/format";
import { useServerConfig } from "@/lib/queries/session";
import { strings } from "@/lib/strings";
import { FilePicker } from "./file-picker";

/** What an empty installation shows: what to do, and where to drop. */
export function FirstDocuments() {
  const config = useServerConfig().data;
  return (
    <div className="scroll-quiet flex-1 overflow-y-auto">
      <div className="mx-auto flex min-h-full max-w-2xl flex-col justify-center px-4 py-10 sm:px-6">
        <h1 className="text-center text-2xl font-semibold tracking-tight text-balance sm:text-3xl">
          {strings.start.firstTitle}
        </h1>
        <p className="mt-3 text-center text-[0.9375rem] text-balance text-muted">
          {strings.start.firstText}
        </p>
        <div className="mt-8 flex flex-col items-center gap-4 rounded-2xl border-2 border-dashed border-line-strong px-6 py-12 text-center">
          <span className="flex size-13 items-center justify-center rounded-full bg-accent-soft">
            <FileUp className="size-6 text-accent-strong" aria-hidden />
          </span>
          <FilePicker variant="primary" size="large">
            {strings.start.choose}
          </FilePicker>
          <p className="text-sm text-muted">
            {strings.start.orDrop}
            {config && <> · {strings.start.upTo(formatBytes(config.max_upload_bytes))}</>}
          </p>
        </div>
        <ol className="mt-10 grid gap-6 sm:grid-cols-3">
          {strings.start.steps.map(([title, text], index) => (
            <li key={title} className="flex gap-3 sm:block">
              <span className="text-sm font-semibold text-accent-strong tabular-nums">
                {index + 1}
              </span>
              <div>
                <p className="text-sm font-semibold sm:mt-1">{title}</p>
                <p className="mt-0.5 text-sm leading-relaxed text-muted">{text}</p>
              </div>
            </li>
          ))}
        </ol>
      </div>
    </div>
  );
}
