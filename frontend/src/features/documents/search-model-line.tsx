import { useSearchModel } from "@/lib/queries/models";
import { strings } from "@/lib/strings";

/** One quiet line while documents are embedded anew; the model before answers meanwhile. */
export function SearchModelLine() {
  const progress = useSearchModel().data?.progress;
  if (!progress) return null;
  return (
    <p className="px-2.5 pt-1 text-[0.8125rem] text-muted">
      {strings.documents.searchModel(progress.done, progress.total)}
    </p>
  );
}
