import { ChevronDown } from "lucide-react";
import { useState } from "react";
import { Popover, PopoverContent, PopoverTrigger } from "@/components/ui/popover";
import { modelLabel } from "@/lib/format";
import { strings } from "@/lib/strings";
import { chooseModel, useModelChoice } from "./model-choice";
import { ModelPicker } from "./model-picker";

/** The composer's choice of who answers. */
export function ModelMenu() {
  const { modelId, models } = useModelChoice();
  const [open, setOpen] = useState(false);
  const label = modelLabel(modelId);
  return (
    <Popover open={open} onOpenChange={setOpen}>
      <PopoverTrigger
        className="inline-flex h-8 max-w-40 cursor-pointer items-center gap-1 rounded-lg px-2 text-[0.8125rem] font-medium text-muted hover:bg-subtle hover:text-text data-[state=open]:bg-subtle"
        aria-label={strings.chat.modelMenu(label)}
      >
        <span className="truncate">{label}</span>
        <ChevronDown className="size-3.5 shrink-0" aria-hidden />
      </PopoverTrigger>
      <PopoverContent label={strings.models.list} align="end" side="top" className="w-76">
        <ModelPicker
          models={models}
          value={modelId}
          onChoose={(id) => {
            chooseModel(id);
            setOpen(false);
          }}
        />
      </PopoverContent>
    </Popover>
  );
}
