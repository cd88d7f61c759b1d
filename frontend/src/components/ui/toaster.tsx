import { CircleAlert, Info, X } from "lucide-react";
import { Toast } from "radix-ui";
import { useStore } from "@/lib/store";
import { strings } from "@/lib/strings";
import { dismissToast, toastStore } from "@/lib/toasts";

const DURATION_MS = { error: 9_000, info: 5_000 } as const;

export function Toaster() {
  const toasts = useStore(toastStore);
  return (
    <Toast.Provider swipeDirection="right">
      {toasts.map(({ id, kind, message }) => (
        <Toast.Root
          key={id}
          duration={DURATION_MS[kind]}
          type={kind === "error" ? "foreground" : "background"}
          onOpenChange={(open) => {
            if (!open) dismissToast(id);
          }}
          className="popover flex w-full items-start gap-2.5 p-3 text-sm data-[state=open]:animate-rise"
        >
          {kind === "error" ? (
            <CircleAlert className="mt-0.5 size-4 shrink-0 text-danger" aria-hidden />
          ) : (
            <Info className="mt-0.5 size-4 shrink-0 text-accent-strong" aria-hidden />
          )}
          <Toast.Description className="min-w-0 flex-1 leading-snug break-words">
            {message}
          </Toast.Description>
          <Toast.Close
            aria-label={strings.actions.close}
            className="-m-1 inline-flex size-6 shrink-0 cursor-pointer items-center justify-center rounded-md text-muted hover:bg-subtle hover:text-text"
          >
            <X className="size-3.5" aria-hidden />
          </Toast.Close>
        </Toast.Root>
      ))}
      <Toast.Viewport className="fixed right-4 bottom-4 z-60 flex w-88 max-w-[calc(100vw-2rem)] flex-col gap-2 outline-none" />
    </Toast.Provider>
  );
}
