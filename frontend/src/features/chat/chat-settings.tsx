import { SlidersHorizontal } from "lucide-react";
import { type SubmitEvent, useState } from "react";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field, TextAreaField } from "@/components/ui/field";
import { IconButton } from "@/components/ui/icon-button";
import { formatCount } from "@/lib/format";
import { strings } from "@/lib/strings";
import type { Conversation, TokenCounts } from "@/types/api";

/** How the models of one chat are asked; null is the default. */
export type AskingSettings = Pick<
  Conversation,
  "system_prompt" | "temperature" | "max_answer_tokens"
>;

type ChatSettingsProps = {
  settings: AskingSettings;
  /** What the chat's answers have taken so far. */
  usage: TokenCounts | null;
  /** Resolves to false when they could not be saved: the dialog then stays open. */
  onSave: (settings: AskingSettings) => Promise<boolean>;
};

/** The button and the dialog behind it. */
export function ChatSettings({ settings, usage, onSave }: ChatSettingsProps) {
  const [open, setOpen] = useState(false);
  const changed =
    settings.system_prompt !== null ||
    settings.temperature !== null ||
    settings.max_answer_tokens !== null;
  return (
    <>
      <IconButton
        label={strings.chatSettings.open}
        icon={<SlidersHorizontal aria-hidden />}
        tooltipSide="top"
        className={changed ? "text-accent-strong" : undefined}
        onClick={() => setOpen(true)}
      />
      <Dialog
        open={open}
        onOpenChange={setOpen}
        title={strings.chatSettings.title}
        className="max-w-lg"
      >
        <SettingsForm
          settings={settings}
          onSave={async (changedSettings) => {
            const saved = await onSave(changedSettings);
            if (saved) setOpen(false);
            return saved;
          }}
          onCancel={() => setOpen(false)}
        />
        {usage && usage.input_tokens + usage.output_tokens > 0 && (
          <p className="mt-5 border-t border-line pt-4 text-[0.8125rem] text-muted">
            {strings.usage.ofChat(
              formatCount(usage.input_tokens),
              formatCount(usage.output_tokens),
            )}
          </p>
        )}
      </Dialog>
    </>
  );
}

type SettingsFormProps = Pick<ChatSettingsProps, "settings" | "onSave"> & { onCancel: () => void };

function SettingsForm({ settings, onSave, onCancel }: SettingsFormProps) {
  const [prompt, setPrompt] = useState(settings.system_prompt ?? "");
  const [temperature, setTemperature] = useState(settings.temperature?.toString() ?? "");
  const [maxTokens, setMaxTokens] = useState(settings.max_answer_tokens?.toString() ?? "");
  const [saving, setSaving] = useState(false);

  const save = async () => {
    setSaving(true);
    const saved = await onSave({
      system_prompt: prompt.trim() === "" ? null : prompt.trim(),
      temperature: temperature === "" ? null : Number(temperature),
      max_answer_tokens: maxTokens === "" ? null : Number(maxTokens),
    });
    if (!saved) setSaving(false);
  };
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    // In React's tree the dialog lies in the composer's form.
    event.stopPropagation();
    void save();
  };

  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <TextAreaField
        label={strings.chatSettings.systemPrompt}
        hint={strings.chatSettings.systemPromptHint}
        maxLength={8_000}
        value={prompt}
        onChange={(event) => setPrompt(event.target.value)}
      />
      <Field
        label={strings.chatSettings.temperature}
        hint={strings.chatSettings.temperatureHint}
        type="number"
        min={0}
        max={2}
        step="any"
        value={temperature}
        onChange={(event) => setTemperature(event.target.value)}
      />
      <Field
        label={strings.chatSettings.maxTokens}
        hint={strings.chatSettings.maxTokensHint}
        type="number"
        min={1}
        max={1_000_000}
        step={1}
        value={maxTokens}
        onChange={(event) => setMaxTokens(event.target.value)}
      />
      <div className="flex justify-end gap-2">
        <Button onClick={onCancel}>{strings.actions.cancel}</Button>
        <Button type="submit" variant="primary" disabled={saving}>
          {strings.actions.save}
        </Button>
      </div>
    </form>
  );
}
