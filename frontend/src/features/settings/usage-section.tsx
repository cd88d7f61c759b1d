import { useId, useState } from "react";
import { FormError } from "@/components/ui/form-error";
import { formatCount, modelLabel, providerLabel, providerOf } from "@/lib/format";
import { useUsage } from "@/lib/queries/usage";
import { strings } from "@/lib/strings";
import type { Usage, UsageReport } from "@/types/api";

type Period = keyof typeof strings.usage.periods;

const PERIODS = Object.keys(strings.usage.periods) as Period[];
const DAYS: Record<Exclude<Period, "all">, number> = { month: 30, week: 7 };
const DAY_MS = 24 * 60 * 60 * 1000;

/** What each model has taken. */
export function UsageSection() {
  const [period, setPeriod] = useState<Period>("all");
  const [openedAt] = useState(Date.now);
  const since =
    period === "all" ? null : new Date(openedAt - DAYS[period] * DAY_MS).toISOString();
  const { data: report, error } = useUsage(since);
  const id = useId();
  return (
    <>
      <div className="mb-4 flex items-center gap-2.5 text-sm">
        <label htmlFor={id} className="font-medium">
          {strings.usage.since}
        </label>
        <select
          id={id}
          value={period}
          onChange={(event) => setPeriod(event.target.value as Period)}
          className="h-9 rounded-lg border border-line-strong bg-surface px-2"
        >
          {PERIODS.map((choice) => (
            <option key={choice} value={choice}>
              {strings.usage.periods[choice]}
            </option>
          ))}
        </select>
      </div>
      <FormError error={error} />
      {report && (report.items.length === 0 ? <Nothing /> : <UsageTable report={report} />)}
    </>
  );
}

function Nothing() {
  return <p className="text-sm text-muted">{strings.usage.none}</p>;
}

function UsageTable({ report: { items, total } }: { report: UsageReport }) {
  return (
    <>
      <div
        className="scroll-quiet overflow-x-auto rounded-xl border border-line bg-surface"
        // Wider than a phone, it is scrolled by keyboard, too.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        role="region"
        aria-label={strings.settings.sections.usage}
      >
        <table className="w-full text-sm tabular-nums [&_td]:px-2.5 [&_td]:py-2.5 sm:[&_td]:px-4 [&_th]:px-2.5 [&_th]:py-2.5 sm:[&_th]:px-4 [&_tr+tr]:border-t [&_tr+tr]:border-line">
          <thead className="border-b border-line text-left text-[0.8125rem] text-muted">
            <tr>
              <th className="font-medium">{strings.usage.model}</th>
              <th className="text-right font-medium">{strings.usage.answers}</th>
              <th className="text-right font-medium">{strings.usage.input}</th>
              <th className="text-right font-medium">{strings.usage.output}</th>
            </tr>
          </thead>
          <tbody>
            {items.map((item) => (
              <tr key={item.model}>
                <th scope="row" className="min-w-28 text-left font-medium">
                  <span className="block [overflow-wrap:anywhere]">{modelLabel(item.model)}</span>
                  <span className="block text-xs font-normal text-muted">
                    {providerLabel(providerOf(item.model))}
                  </span>
                </th>
                <Counts usage={item} />
              </tr>
            ))}
          </tbody>
          <tfoot className="border-t border-line font-medium">
            <tr>
              <th scope="row" className="text-left">
                {strings.usage.total}
              </th>
              <Counts usage={total} />
            </tr>
          </tfoot>
        </table>
      </div>
      {total.unknown_count > 0 && (
        <p className="mt-2 text-[0.8125rem] text-muted">
          {strings.usage.uncounted(total.unknown_count)}
        </p>
      )}
    </>
  );
}

function Counts({ usage }: { usage: Usage }) {
  return (
    <>
      <td className="text-right">{formatCount(usage.message_count)}</td>
      <td className="text-right">{formatCount(usage.input_tokens)}</td>
      <td className="text-right">{formatCount(usage.output_tokens)}</td>
    </>
  );
}
