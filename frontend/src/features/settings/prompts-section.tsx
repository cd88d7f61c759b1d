import { strings } from "@/lib/strings";
import { PromptTemplateList } from "./prompt-template-list";
import { SettingsGroup } from "./settings-layout";
import { SystemPromptForm } from "./system-prompt-form";

export function PromptsSection() {
  return (
    <>
      <SettingsGroup title={strings.prompts.own} hint={strings.prompts.ownHint}>
        <SystemPromptForm />
      </SettingsGroup>
      <SettingsGroup title={strings.prompts.templates} hint={strings.prompts.templatesHint}>
        <PromptTemplateList />
      </SettingsGroup>
    </>
  );
}
