import { type ReactNode, useId } from "react";
import { Button } from "@/components/ui/button";
import { CheckboxRow } from "@/components/ui/checkbox-row";
import { Input } from "@/components/ui/field";
import { modelLabel, providerLabel, providerOf } from "@/lib/format";
import {
  narrowsMessages,
  NO_FILTERS,
  type SearchFilters,
  useAnsweringModels,
} from "@/lib/queries/search";
import { strings } from "@/lib/strings";

type SearchFilterFieldsProps = {
  filters: SearchFilters;
  conversationId: string | null;
  onChange: (filters: SearchFilters) => void;
};

/** What a search is narrowed to; all but the first are about messages, and leave documents out. */
export function SearchFilterFields({ filters, conversationId, onChange }: SearchFilterFieldsProps) {
  const models = useAnsweringModels().data ?? [];
  const change = (changed: Partial<SearchFilters>) => onChange({ ...filters, ...changed });
  const onlyMessages = narrowsMessages(filters);
  return (
    <fieldset className="mx-1 mb-2 grid grid-cols-2 gap-2.5 rounded-xl border border-line bg-surface p-3">
      <legend className="sr-only">{strings.search.filters}</legend>
      <Choice
        label={strings.search.kind}
        value={onlyMessages ? "messages" : filters.kind}
        disabled={onlyMessages}
        options={Object.entries(strings.search.kinds)}
        onChange={(kind) => change({ kind: kind as SearchFilters["kind"] })}
      />
      <Choice
        label={strings.search.role}
        value={filters.role}
        options={Object.entries(strings.search.roles)}
        onChange={(role) => change({ role: role as SearchFilters["role"] })}
      />
      <div className="col-span-2">
        <Choice
          label={strings.search.model}
          value={filters.model}
          options={[
            ["", strings.search.anyModel],
            ...models.map((id): [string, string] => [id, distinctLabel(id, models)]),
          ]}
          onChange={(model) => change({ model })}
        />
      </div>
      <Day
        label={strings.search.from}
        value={filters.from}
        onChange={(from) => change({ from })}
      />
      <Day
        label={strings.search.until}
        value={filters.until}
        onChange={(until) => change({ until })}
      />
      {conversationId !== null && (
        <ul className="col-span-2 -mx-2">
          <CheckboxRow
            label={strings.search.thisChat}
            checked={filters.conversationId !== null}
            onCheckedChange={(checked) =>
              change({ conversationId: checked ? conversationId : null })
            }
          />
        </ul>
      )}
      {(onlyMessages || filters.kind !== "all") && (
        <Button size="small" className="col-span-2" onClick={() => onChange(NO_FILTERS)}>
          {strings.search.reset}
        </Button>
      )}
    </fieldset>
  );
}

/** With its provider where another provider's model has the same name. */
function distinctLabel(id: string, ids: readonly string[]): string {
  const label = modelLabel(id);
  const isOnly = ids.every((other) => other === id || modelLabel(other) !== label);
  return isOnly ? label : `${label} (${providerLabel(providerOf(id))})`;
}

type Labelled = { label: string; children: (id: string) => ReactNode };

function Labelled({ label, children }: Labelled) {
  const id = useId();
  return (
    <div className="min-w-0">
      <label htmlFor={id} className="mb-1 block text-xs font-medium text-muted">
        {label}
      </label>
      {children(id)}
    </div>
  );
}

type ChoiceProps = {
  label: string;
  value: string;
  disabled?: boolean;
  options: readonly (readonly [value: string, label: string])[];
  onChange: (value: string) => void;
};

function Choice({ label, value, disabled, options, onChange }: ChoiceProps) {
  return (
    <Labelled label={label}>
      {(id) => (
        <select
          id={id}
          value={value}
          disabled={disabled}
          onChange={(event) => onChange(event.target.value)}
          className="h-8 w-full rounded-lg border border-line-strong bg-surface px-1.5 text-[0.8125rem] disabled:text-muted"
        >
          {options.map(([option, text]) => (
            <option key={option} value={option}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Labelled>
  );
}

type DayProps = { label: string; value: string; onChange: (day: string) => void };

function Day({ label, value, onChange }: DayProps) {
  return (
    <Labelled label={label}>
      {(id) => (
        <Input
          id={id}
          type="date"
          value={value}
          onChange={(event) => onChange(event.target.value)}
          className="h-8 px-1.5 text-[0.8125rem]"
        />
      )}
    </Labelled>
  );
}
