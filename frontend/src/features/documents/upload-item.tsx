import { CircleAlert, FileUp, RotateCw, X } from "lucide-react";
import { IconButton } from "@/components/ui/icon-button";
import { ProgressBar } from "@/components/ui/progress-bar";
import { formatBytes } from "@/lib/format";
import { strings } from "@/lib/strings";
import type { Upload } from "./uploads";
import { useUploads } from "./uploads-context";

export function UploadItem({ upload }: { upload: Upload }) {
  const uploads = useUploads();
  const { file, state } = upload;
  const percent = Math.floor((100 * upload.sentBytes) / Math.max(1, file.size));
  const failed = state === "failed";
  return (
    <li className="flex items-start gap-2.5 rounded-lg px-2.5 py-2" data-testid="upload">
      {failed ? (
        <CircleAlert className="mt-0.5 size-4 shrink-0 text-danger" aria-hidden />
      ) : (
        <FileUp className="mt-0.5 size-4 shrink-0 text-muted" aria-hidden />
      )}
      <div className="min-w-0 flex-1">
        <p className="truncate text-sm" title={file.name}>
          {file.name}
        </p>
        {failed ? (
          <p className="mt-0.5 text-xs leading-snug text-danger">
            {strings.documents.uploadFailed}. {upload.reason}
          </p>
        ) : (
          <>
            <p className="mt-0.5 text-xs text-muted tabular-nums">
              {state === "waiting"
                ? strings.documents.waiting
                : strings.documents.uploading(percent)}
              {" · "}
              {formatBytes(file.size)}
            </p>
            <ProgressBar
              className="mt-1.5"
              label={strings.documents.progressOf(file.name)}
              percent={percent}
            />
          </>
        )}
      </div>
      {failed && upload.retryable && (
        <IconButton
          label={strings.documents.retryUpload(file.name)}
          icon={<RotateCw aria-hidden />}
          className="size-7"
          onClick={() => uploads.retry(upload.id)}
        />
      )}
      <IconButton
        label={
          failed ? strings.documents.dismiss(file.name) : strings.documents.cancelUpload(file.name)
        }
        icon={<X aria-hidden />}
        className="size-7"
        onClick={() => uploads.dismiss(upload.id)}
      />
    </li>
  );
}
