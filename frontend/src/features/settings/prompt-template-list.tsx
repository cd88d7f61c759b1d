import { Pencil, Plus, Trash2 } from "lucide-react";
import { type SubmitEvent, useState } from "react";
import { Button } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { Dialog } from "@/components/ui/dialog";
import { Field, TextAreaField } from "@/components/ui/field";
import { FormError } from "@/components/ui/form-error";
import { IconButton } from "@/components/ui/icon-button";
import {
  useDeletePromptTemplate,
  usePromptTemplates,
  useSavePromptTemplate,
} from "@/lib/queries/prompt-templates";
import { strings } from "@/lib/strings";
import { showError } from "@/lib/toasts";
import type { PromptTemplate } from "@/types/api";
import { SettingsRows } from "./settings-layout";

/** The template being edited; "new" is one that does not exist yet. */
type Editing = PromptTemplate | "new" | null;

export function PromptTemplateList() {
  const { data: templates, error } = usePromptTemplates();
  const remove = useDeletePromptTemplate();
  const [editing, setEditing] = useState<Editing>(null);
  const [removing, setRemoving] = useState<PromptTemplate | null>(null);
  const editedTemplate = editing === "new" ? null : editing;

  return (
    <>
      <FormError error={error} />
      {templates?.length === 0 && (
        <p className="mb-4 text-sm text-muted">{strings.prompts.empty}</p>
      )}
      {templates && templates.length > 0 && (
        <SettingsRows>
          {templates.map((template) => (
            <TemplateRow
              key={template.id}
              template={template}
              onEdit={() => setEditing(template)}
              onRemove={() => setRemoving(template)}
            />
          ))}
        </SettingsRows>
      )}
      <Button className="mt-4" onClick={() => setEditing("new")}>
        <Plus aria-hidden />
        {strings.prompts.create}
      </Button>
      <Dialog
        open={editing !== null}
        onOpenChange={(open) => {
          if (!open) setEditing(null);
        }}
        title={
          editedTemplate ? strings.prompts.edit(editedTemplate.name) : strings.prompts.create
        }
        className="max-w-lg"
      >
        <TemplateForm template={editedTemplate} onClose={() => setEditing(null)} />
      </Dialog>
      <ConfirmDialog
        open={removing !== null}
        onOpenChange={(open) => {
          if (!open) setRemoving(null);
        }}
        title={strings.prompts.deleteTitle(removing?.name ?? "")}
        text={strings.prompts.deleteText}
        confirmLabel={strings.actions.delete}
        onConfirm={() => {
          if (removing) remove.mutate(removing.id, { onError: showError });
        }}
      />
    </>
  );
}

type TemplateRowProps = { template: PromptTemplate; onEdit: () => void; onRemove: () => void };

function TemplateRow({ template, onEdit, onRemove }: TemplateRowProps) {
  return (
    <li className="flex items-center gap-2 py-2.5 pr-2 pl-4 text-sm">
      <div className="min-w-0 flex-1">
        <p className="truncate font-medium">{template.name}</p>
        <p className="truncate text-[0.8125rem] text-muted">
          {template.variables.length > 0
            ? strings.prompts.asksFor(template.variables)
            : template.text}
        </p>
      </div>
      <IconButton
        label={strings.prompts.edit(template.name)}
        icon={<Pencil aria-hidden />}
        onClick={onEdit}
      />
      <IconButton
        label={strings.prompts.delete(template.name)}
        icon={<Trash2 aria-hidden />}
        onClick={onRemove}
      />
    </li>
  );
}

type TemplateFormProps = { template: PromptTemplate | null; onClose: () => void };

function TemplateForm({ template, onClose }: TemplateFormProps) {
  const save = useSavePromptTemplate(template?.id ?? null);
  const [name, setName] = useState(template?.name ?? "");
  const [text, setText] = useState(template?.text ?? "");

  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    save.mutate({ name: name.trim(), text: text.trim() }, { onSuccess: onClose });
  };

  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <Field
        label={strings.prompts.name}
        required
        maxLength={100}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <TextAreaField
        label={strings.prompts.text}
        hint={strings.prompts.templatesHint}
        required
        maxLength={16_000}
        className="min-h-36"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <FormError error={save.error} />
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>{strings.actions.cancel}</Button>
        <Button type="submit" variant="primary" disabled={save.isPending}>
          {strings.actions.save}
        </Button>
      </div>
    </form>
  );
}
