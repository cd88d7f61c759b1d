import { Check } from "lucide-react";
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { Input } from "@/components/ui/field";
import { cn } from "@/lib/class-names";
import { modelLabel, providerLabel } from "@/lib/format";
import { FILTER_MODELS_FROM, modelGroups } from "@/lib/model-groups";
import { nextOption } from "@/lib/option-keys";
import { strings } from "@/lib/strings";
import type { Model } from "@/types/api";

type ModelPickerProps = {
  models: readonly Model[];
  value: string | null;
  onChoose: (modelId: string) => void;
};

/**
 * The models by provider, to be put into a popover. A combobox with a list box: the focus stays
 * in the filter (or on the list, where there is none) and arrow keys move through the options.
 */
export function ModelPicker({ models, value, onChoose }: ModelPickerProps) {
  const [filter, setFilter] = useState("");
  const groups = modelGroups(models, filter);
  const shown = groups.flatMap((group) => group.models);
  const ready = shown.filter((model) => model.ready);
  const [activeId, setActiveId] = useState(value);
  const active = ready.find(({ id }) => id === activeId) ?? ready[0];
  const listId = useId();
  const optionId = (model: Model | undefined) => model && `${listId}-${model.id}`;
  const filtered = models.length >= FILTER_MODELS_FROM;
  const listRef = useRef<HTMLDivElement>(null);

  useEffect(() => {
    listRef.current?.querySelector("[data-active]")?.scrollIntoView({ block: "nearest" });
  }, [active?.id]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter" && active) {
      event.preventDefault();
      onChoose(active.id);
      return;
    }
    // In the filter these move the cursor.
    if (filtered && (event.key === "Home" || event.key === "End")) return;
    const index = nextOption(event.key, active ? ready.indexOf(active) : -1, ready.length);
    if (index === null) return;
    event.preventDefault();
    setActiveId(ready[index]?.id ?? null);
  };

  const focused = {
    "aria-controls": listId,
    "aria-activedescendant": optionId(active),
    onKeyDown,
  };
  return (
    <div className="flex min-h-0 flex-col">
      {filtered && (
        <Input
          // The popover was opened to choose from it.
          // eslint-disable-next-line jsx-a11y/no-autofocus
          autoFocus
          type="text"
          role="combobox"
          aria-expanded
          aria-autocomplete="list"
          aria-label={strings.models.filter}
          placeholder={strings.models.filter}
          autoComplete="off"
          className="mb-1 h-9 shrink-0 text-sm"
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
          {...focused}
        />
      )}
      <div
        ref={listRef}
        id={listId}
        role="listbox"
        aria-label={strings.models.list}
        tabIndex={filtered ? -1 : 0}
        className="scroll-quiet min-h-0 overflow-y-auto outline-none"
        {...(filtered ? {} : focused)}
      >
        {groups.map((group) => (
          <div key={group.provider} role="group" aria-labelledby={`${listId}-${group.provider}`}>
            <p
              id={`${listId}-${group.provider}`}
              role="presentation"
              className="px-2.5 pt-2 pb-1 text-xs font-medium text-muted"
            >
              {providerLabel(group.provider)}
            </p>
            {group.models.map((model) => (
              <ModelOption
                key={model.id}
                id={optionId(model)}
                model={model}
                chosen={model.id === value}
                active={model === active}
                onChoose={() => onChoose(model.id)}
                onPoint={() => setActiveId(model.id)}
              />
            ))}
          </div>
        ))}
      </div>
      {shown.length === 0 && (
        <p role="status" className="px-2.5 py-2 text-sm text-muted">
          {strings.models.noMatch}
        </p>
      )}
    </div>
  );
}

type ModelOptionProps = {
  id: string | undefined;
  model: Model;
  chosen: boolean;
  active: boolean;
  onChoose: () => void;
  onPoint: () => void;
};

/** Keys are heard by what has the focus: the filter or the list. */
function ModelOption({ id, model, chosen, active, onChoose, onPoint }: ModelOptionProps) {
  return (
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
    <div
      id={id}
      role="option"
      aria-selected={chosen}
      aria-disabled={!model.ready}
      data-active={active ? "" : undefined}
      className={cn(
        "flex min-h-8 items-center gap-2.5 rounded-md px-2.5 py-1.5 text-sm select-none",
        model.ready ? "cursor-pointer" : "text-muted",
        active && "bg-subtle",
      )}
      onClick={model.ready ? onChoose : undefined}
      onPointerMove={model.ready ? onPoint : undefined}
    >
      <span className="min-w-0 flex-1">
        <span className="block truncate" title={modelLabel(model.id)}>
          {modelLabel(model.id)}
        </span>
        {!model.ready && (
          <span className="block text-xs">{model.reason ?? strings.models.notReady}</span>
        )}
      </span>
      {chosen && <Check className="size-4 shrink-0" aria-hidden />}
    </div>
  );
}
