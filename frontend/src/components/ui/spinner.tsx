import { LoaderCircle } from "lucide-react";
import { cn } from "@/lib/class-names";

export function Spinner({ className }: { className?: string }) {
  return <LoaderCircle className={cn("size-4 animate-spin text-muted", className)} aria-hidden />;
}
