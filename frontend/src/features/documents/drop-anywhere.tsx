import { FileUp } from "lucide-react";
import { useEffect, useState } from "react";
import { strings } from "@/lib/strings";
import { useUploads } from "./uploads-context";

/** Takes files dropped anywhere on the page. */
export function DropAnywhere() {
  const uploads = useUploads();
  const [dragging, setDragging] = useState(false);

  useEffect(() => {
    // Entering a child fires before leaving its parent: only the balance tells.
    let depth = 0;
    const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const onEnter = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      depth++;
      setDragging(true);
    };
    const onLeave = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      depth = Math.max(0, depth - 1);
      if (depth === 0) setDragging(false);
    };
    const onOver = (event: DragEvent) => {
      if (carriesFiles(event)) event.preventDefault();
    };
    const onDrop = (event: DragEvent) => {
      depth = 0;
      setDragging(false);
      if (!carriesFiles(event)) return;
      event.preventDefault();
      uploads.add([...(event.dataTransfer?.files ?? [])]);
    };
    window.addEventListener("dragenter", onEnter);
    window.addEventListener("dragleave", onLeave);
    window.addEventListener("dragover", onOver);
    window.addEventListener("drop", onDrop);
    return () => {
      window.removeEventListener("dragenter", onEnter);
      window.removeEventListener("dragleave", onLeave);
      window.removeEventListener("dragover", onOver);
      window.removeEventListener("drop", onDrop);
    };
  }, [uploads]);

  if (!dragging) return null;
  return (
    <div className="pointer-events-none fixed inset-3 z-60 flex flex-col items-center justify-center gap-3 rounded-2xl border-2 border-dashed border-accent bg-canvas/90 text-accent-strong">
      <FileUp className="size-9" aria-hidden />
      <p className="text-lg font-medium">{strings.documents.dropHere}</p>
    </div>
  );
}
