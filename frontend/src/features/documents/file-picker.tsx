import { useRef } from "react";
import { Button, type ButtonProps } from "@/components/ui/button";
import { useServerConfig } from "@/lib/queries/session";
import { strings } from "@/lib/strings";
import { useUploads } from "./uploads-context";

/** A button that opens the browser's choice of files. */
export function FilePicker(props: Omit<ButtonProps, "onClick">) {
  const uploads = useUploads();
  const config = useServerConfig().data;
  const inputRef = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={inputRef}
        type="file"
        multiple
        hidden
        aria-label={strings.documents.add}
        accept={config?.accepted_types.join(",")}
        onChange={(event) => {
          uploads.add([...(event.target.files ?? [])]);
          // Choosing the same file again must be noticed, too.
          event.target.value = "";
        }}
      />
      <Button {...props} onClick={() => inputRef.current?.click()} />
    </>
  );
}
