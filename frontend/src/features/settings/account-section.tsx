import { strings } from "@/lib/strings";
import { PasswordForm } from "./password-form";
import { SessionList } from "./session-list";
import { SettingsGroup } from "./settings-layout";

export function AccountSection() {
  return (
    <>
      <SettingsGroup title={strings.settings.password}>
        <PasswordForm />
      </SettingsGroup>
      <SettingsGroup title={strings.settings.sessions} hint={strings.settings.sessionsHint}>
        <SessionList />
      </SettingsGroup>
    </>
  );
}
