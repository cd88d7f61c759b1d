import { MessageSquareQuote } from "lucide-react";
import { type SubmitEvent, useState } from "react";
import { Link } from "react-router";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { TextAreaField } from "@/components/ui/field";
import { FormError } from "@/components/ui/form-error";
import { IconButton } from "@/components/ui/icon-button";
import { Popover, PopoverContent, PopoverTrigger } from "@/components/ui/popover";
import { usePromptTemplates } from "@/lib/queries/prompt-templates";
import { strings } from "@/lib/strings";
import type { PromptTemplate } from "@/types/api";
import { fillTemplate } from "./fill-template";

/** Puts a prompt template into the composer, after asking for its variables. */
export function PromptMenu({ onInsert }: { onInsert: (text: string) => void }) {
  const [open, setOpen] = useState(false);
  const [filling, setFilling] = useState<PromptTemplate | null>(null);

  const choose = (template: PromptTemplate) => {
    setOpen(false);
    if (template.variables.length === 0) onInsert(template.text);
    else setFilling(template);
  };

  return (
    <>
      <Popover open={open} onOpenChange={setOpen}>
        <PopoverTrigger asChild>
          <IconButton
            label={strings.prompts.menu}
            icon={<MessageSquareQuote aria-hidden />}
            tooltipSide="top"
          />
        </PopoverTrigger>
        <PopoverContent label={strings.prompts.menu} align="start" side="top" className="w-76">
          <TemplateList onChoose={choose} />
        </PopoverContent>
      </Popover>
      <Dialog
        open={filling !== null}
        onOpenChange={(shown) => {
          if (!shown) setFilling(null);
        }}
        title={filling ? strings.prompts.fillTitle(filling.name) : ""}
        className="max-w-md"
      >
        {filling && (
          <VariablesForm
            template={filling}
            onFilled={(text) => {
              setFilling(null);
              onInsert(text);
            }}
          />
        )}
      </Dialog>
    </>
  );
}

function TemplateList({ onChoose }: { onChoose: (template: PromptTemplate) => void }) {
  const { data: templates, error } = usePromptTemplates();
  return (
    <>
      <FormError error={error} />
      {templates?.length === 0 && (
        <p className="px-2.5 py-2 text-sm leading-relaxed text-muted">{strings.prompts.none}</p>
      )}
      <ul className="scroll-quiet min-h-0 overflow-y-auto">
        {templates?.map((template) => (
          <li key={template.id}>
            <button
              type="button"
              onClick={() => onChoose(template)}
              className="block w-full cursor-pointer rounded-md px-2.5 py-1.5 text-left text-sm hover:bg-subtle"
            >
              <span className="block truncate font-medium">{template.name}</span>
              <span className="block truncate text-xs text-muted">{template.text}</span>
            </button>
          </li>
        ))}
      </ul>
      <Button asChild variant="ghost" size="small" className="mt-1 shrink-0 justify-start px-2.5">
        <Link to="/settings/prompts">{strings.prompts.manage}</Link>
      </Button>
    </>
  );
}

type VariablesFormProps = { template: PromptTemplate; onFilled: (text: string) => void };

function VariablesForm({ template, onFilled }: VariablesFormProps) {
  const [values, setValues] = useState<ReadonlyMap<string, string>>(new Map());
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    // A form inside a React portal would submit the composer around it, too.
    event.stopPropagation();
    onFilled(fillTemplate(template.text, values));
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      {template.variables.map((name) => (
        <TextAreaField
          key={name}
          label={name}
          required
          className="min-h-10"
          value={values.get(name) ?? ""}
          onChange={({ target }) => setValues((known) => new Map(known).set(name, target.value))}
        />
      ))}
      <Button type="submit" variant="primary" className="self-end">
        {strings.prompts.insert}
      </Button>
    </form>
  );
}
