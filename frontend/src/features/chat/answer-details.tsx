import { Popover, PopoverContent, PopoverTrigger } from "@/components/ui/popover";
import { formatCount, formatDateTime, modelLabel, providerLabel, providerOf } from "@/lib/format";
import { strings } from "@/lib/strings";
import type { Message } from "@/types/api";

/** The name of the model that answered; opens what else is known about the answer. */
export function AnswerDetails({ message, model }: { message: Message; model: string }) {
  const { usage, left_out: leftOut } = message;
  const facts: [string, string][] = [
    [strings.details.model, modelLabel(model)],
    [strings.details.provider, providerLabel(providerOf(model))],
    [strings.details.time, formatDateTime(message.created_at)],
    ...(usage
      ? ([
          [strings.usage.input, strings.usage.tokens(formatCount(usage.input_tokens))],
          [strings.usage.output, strings.usage.tokens(formatCount(usage.output_tokens))],
        ] satisfies [string, string][])
      : []),
  ];
  return (
    <Popover>
      <PopoverTrigger
        aria-label={strings.details.open(modelLabel(model))}
        className="ml-0.5 inline-flex h-8 min-w-0 cursor-pointer items-center rounded-lg px-1.5 text-xs text-muted hover:bg-subtle hover:text-text data-[state=open]:bg-subtle"
      >
        <span className="truncate">{modelLabel(model)}</span>
      </PopoverTrigger>
      <PopoverContent label={strings.details.title} align="start" className="w-72 p-3.5">
        <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5 text-[0.8125rem]">
          {facts.map(([term, value]) => (
            <div key={term} className="contents">
              <dt className="text-muted">{term}</dt>
              <dd className="min-w-0 text-right break-words tabular-nums">{value}</dd>
            </div>
          ))}
        </dl>
        {leftOut && (
          <p className="mt-3 border-t border-line pt-3 text-[0.8125rem] leading-relaxed">
            {strings.details.leftOut(leftOut.messages, leftOut.passages)}
          </p>
        )}
      </PopoverContent>
    </Popover>
  );
}
