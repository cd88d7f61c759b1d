import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useMemo } from "react";
import { storeDocument } from "@/lib/queries/documents";
import { queryKeys } from "@/lib/queries/keys";
import { strings } from "@/lib/strings";
import { showInfo } from "@/lib/toasts";
import { createUploads, type Uploads } from "./uploads";

const UploadsContext = createContext<Uploads | null>(null);

type UploadsProviderProps = { maxBytes: number; children: ReactNode };

/** Uploads go on while the user looks at other pages. */
export function UploadsProvider({ maxBytes, children }: UploadsProviderProps) {
  const queryClient = useQueryClient();
  const uploads = useMemo(
    () =>
      createUploads({
        maxBytes,
        onUploaded: (document) => storeDocument(queryClient, document),
        onDuplicate: (document) => {
          storeDocument(queryClient, document);
          showInfo(strings.documents.alreadyHere(document.filename));
        },
        onError: (error) => {
          if (error.status === 401) queryClient.setQueryData(queryKeys.session, null);
        },
      }),
    [queryClient, maxBytes],
  );
  useEffect(() => () => uploads.dismissAll(), [uploads]);
  return <UploadsContext value={uploads}>{children}</UploadsContext>;
}

export function useUploads(): Uploads {
  const uploads = useContext(UploadsContext);
  if (!uploads) throw new Error("useUploads needs an UploadsProvider above it");
  return uploads;
}
