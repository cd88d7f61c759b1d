import { CircleAlert } from "lucide-react";
import { errorSentence } from "@/lib/api-client";

/** The server's sentence about a form it refused. */
export function FormError({ error }: { error: Error | null }) {
  if (!error) return null;
  return (
    <p role="alert" className="flex items-start gap-2 text-sm text-danger">
      <CircleAlert className="mt-0.5 size-4 shrink-0" aria-hidden />
      {errorSentence(error)}
    </p>
  );
}
