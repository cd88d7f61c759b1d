import { type SubmitEvent, useState } from "react";
import { Button } from "@/components/ui/button";
import { TextAreaField } from "@/components/ui/field";
import { FormError } from "@/components/ui/form-error";
import { useChangePreferences, usePreferences } from "@/lib/queries/preferences";
import { strings } from "@/lib/strings";
import { showInfo } from "@/lib/toasts";

export function SystemPromptForm() {
  const { data: preferences, error } = usePreferences();
  const change = useChangePreferences();
  const [edited, setEdited] = useState<string | null>(null);
  if (!preferences) return <FormError error={error} />;
  const stored = preferences.system_prompt ?? "";
  const text = edited ?? stored;

  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    change.mutate(
      { system_prompt: text.trim() === "" ? null : text },
      {
        onSuccess: () => {
          setEdited(null);
          showInfo(strings.prompts.ownSaved);
        },
      },
    );
  };

  return (
    <form onSubmit={submit} className="flex flex-col gap-3">
      <TextAreaField
        label={strings.chatSettings.systemPrompt}
        maxLength={8_000}
        value={text}
        onChange={(event) => setEdited(event.target.value)}
      />
      <FormError error={change.error} />
      <Button
        type="submit"
        className="self-start"
        disabled={change.isPending || text.trim() === stored.trim()}
      >
        {strings.actions.save}
      </Button>
    </form>
  );
}
