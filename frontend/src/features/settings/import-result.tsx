import { strings } from "@/lib/strings";
import type { ImportReport } from "@/types/api";

type Kind = keyof typeof strings.transfer.kinds;

const KINDS = Object.keys(strings.transfer.kinds) as Kind[];

/** What an import brought, in words. */
export function ImportResult({ report }: { report: ImportReport }) {
  const imported = counted(report, "imported");
  const skipped = counted(report, "skipped");
  const { problems } = report;
  return (
    <div
      role="status"
      className="rounded-xl border border-line bg-surface px-4 py-3 text-sm leading-relaxed"
    >
      <p className="font-medium">{strings.transfer.done}</p>
      <p>{strings.transfer.imported(imported)}</p>
      {skipped.length > 0 && <p className="text-muted">{strings.transfer.skipped(skipped)}</p>}
      {problems.length > 0 && (
        <>
          <p className="mt-2">{strings.transfer.problems(problems.length)}</p>
          <ul className="scroll-quiet mt-1 max-h-60 list-disc overflow-y-auto pl-5 text-muted">
            {problems.map((problem, index) => (
              <li key={index} className="break-words">
                {problem}
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

function counted(report: ImportReport, outcome: "imported" | "skipped"): string[] {
  return KINDS.filter((kind) => report[kind][outcome] > 0).map((kind) =>
    strings.transfer.count(report[kind][outcome], strings.transfer.kinds[kind]),
  );
}
